import type { Context } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Check } from './prompter.ts';
import type { Terminal } from './terminal.ts';

/** Says at once what no address can be; the service has the last word. */
export const checkEmail: Check = (email) => {
  if (email === '') return 'An email address is needed';
  return /^[^\s@]+@[^\s@]+$/.test(email) && email.length <= 254 ? undefined : `${email} is not an email address`;
};

export const checkPresent: Check = (answer) => (answer === '' ? 'An answer is needed' : undefined);

/**
 * Checks the value of `--email`, or an option like it, if there is one.
 *
 * @throws {@link CliError} `usage`.
 */
export function checkEmailOption(email: string | undefined, option = '--email'): void {
  if (email === undefined || checkEmail(email) === undefined) return;
  throw usageError(`${option} is an email address, as in ada@example.com, and not "${email}"`);
}

/** Which secrets come from standard input, a line each, in this order. */
interface StdinSecrets {
  readonly tokenStdin?: boolean | undefined;
  readonly passwordStdin?: boolean | undefined;
  readonly newPasswordStdin?: boolean | undefined;
}

interface SecretsRead {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly newPassword?: string | undefined;
}

/**
 * Reads the secrets that were promised on standard input. Where that is a terminal nothing is read: a prompt asks for them, without an echo.
 *
 * @throws {@link CliError} `input_required` when a line is missing, or would be typed in plain sight.
 */
export async function readStdinSecrets(
  context: Context,
  terminal: Terminal,
  { tokenStdin, passwordStdin, newPasswordStdin }: StdinSecrets,
): Promise<SecretsRead> {
  const options = [
    ...(tokenStdin ? ['--token-stdin'] : []),
    ...(passwordStdin ? ['--password-stdin'] : []),
    ...(newPasswordStdin ? ['--new-password-stdin'] : []),
  ];
  if (options.length === 0 || terminal.canAsk) return {};
  if (context.stdin.isTTY === true) {
    throw new CliError({
      status: exitStatus.usage,
      code: 'input_required',
      what: `${options[0]} reads a pipe or a file, and standard input is a terminal`,
    });
  }
  const { readStdinLines } = await import('./stdin-lines.ts');
  const lines = await readStdinLines(context.stdin, options);
  const take = (wanted: boolean | undefined) => (wanted ? lines.shift() : undefined);
  return { token: take(tokenStdin), password: take(passwordStdin), newPassword: take(newPasswordStdin) };
}

const BLANKS_AROUND = /^[\s\p{Z}\p{Cc}\p{Cf}]+|[\s\p{Z}\p{Cc}\p{Cf}]+$/gu;

/**
 * Takes off what mails and pastes put around a secret that a machine made: blanks, line breaks and
 * zero-width characters.
 */
export function stripBlanks(secret: string): string {
  return secret.replace(BLANKS_AROUND, '');
}
