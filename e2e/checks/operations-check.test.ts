import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

interface OperationsCheck {
  operationsBreaches(text: string, sources: ReadonlyMap<string, string>): string[];
}

const sources = new Map([
  ['packages/server/src/refusal.ts', 'export const statusOf = {\n  internal: 500,\n  not_found: 404,\n} as const;'],
  ['packages/core/src/audit/event.ts', "export type AuthEventType =\n  | 'user_registered'\n  | 'user_deleted';"],
  [
    'packages/server/src/a.ts',
    `log.error({ err }, 'it broke'); throw new StartRefusedError(\`nothing \${what({})} at \${path}\`);`,
  ],
]);

describe('the check of what operators read', () => {
  it('finds what the page does not name, and what it explains for nothing', async () => {
    // The script is a program; only its pure check is called from here.
    const { operationsBreaches } = (await import(join(root, 'scripts', 'check-docs.mjs'))) as OperationsCheck;
    const whole =
      '| `internal` |\n| `not_found`, `user_registered` |\n| `user_deleted` | `it broke` `nothing good at <path>`';
    expect(operationsBreaches(whole, sources)).toEqual([]);
    expect(operationsBreaches('| `internal`, `user_registered`, `gone` | `no thing`', sources)).toEqual([
      'docs/operations.md does not name `not_found`',
      'docs/operations.md does not name `user_deleted`',
      'docs/operations.md does not name `it broke`',
      'docs/operations.md does not name `nothing … at …`',
      'docs/operations.md explains `gone`, which the code never says',
    ]);
    expect(operationsBreaches(whole, new Map())).toEqual(['this check finds no message in the code']);
  });
});
