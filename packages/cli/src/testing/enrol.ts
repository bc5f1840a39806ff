import { expect } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { type LocalService, PASSWORD } from './local-service.ts';

interface Enrolled {
  /** Base32. */
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/**
 * Turns on a second factor of the account that is logged in, by its code of now: the next code is
 * that of the next step.
 */
export async function enrol(
  service: LocalService,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Enrolled & { readonly answer: Record<string, unknown> }> {
  let secret = '';
  const enable = ['mfa', 'enable', '--password-stdin', '--code-stdin', '--json', ...args];
  const { status, stdout, stderr } = await service.authsvc(enable, {
    env,
    input: `${PASSWORD}\n`,
    respond: (line) => {
      const begun = JSON.parse(line) as Record<string, string>;
      if (begun.secret === undefined) return undefined;
      secret = begun.secret;
      return `${totpCode(secret, Date.now())}\n`;
    },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [, last = ''] = stdout.split('\n');
  const answer = JSON.parse(last) as Record<string, unknown>;
  return { secret, recoveryCodes: (answer.recovery_codes ?? []) as string[], answer };
}
