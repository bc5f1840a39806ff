import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../test/property-settings.ts';
import { exitStatus } from './exit-status.ts';
import { createTestMachine } from './testing/test-machine.ts';

/** Without commands that start, install or run something: the same code reads their arguments. */
const command = fc.constantFrom(
  ...[['register'], ['login'], ['logout'], ['profile'], ['reset'], ['sessions'], ['sessions', 'revoke'], ['password']],
  ...[['email'], ['delete'], ['users', 'list'], ['users', 'show'], ['users', 'import'], ['users', 'revoke'], ['audit']],
  ...[['users', 'reset'], ['backup'], ['completion'], ['help'], ['rgeister'], []],
);
const likely = fc.constantFrom(
  ...[['--email', 'ada@example.com'], ['--password-stdin'], ['--new-password-stdin'], ['--token-stdin'], ['--yes']],
  ...[['--new-email', 'ada@example.net'], ['--storage', 'file'], ['--no-input'], ['--json'], ['--debug'], ['--all']],
  ...[['--others'], ['--limit', '5'], ['--since', '2d'], ['--user', 'ada@example.com'], ['--print-session'], ['bash']],
);
const unlikely = fc.constantFrom(
  ...['--url', '--url=', 'ftp://x', 'http://example.com', '--insecure-http', '-x', '-', '--', '---', '--=', '--email='],
  ...[
    '',
    ' ',
    '\0',
    '\u001b[31m',
    '\n',
    '../../x',
    '__proto__',
    'constructor',
    '%00',
    '\u{1f511}',
    '-1',
    '1e9',
    '--help',
  ],
);
const word = fc.oneof(
  { weight: 6, arbitrary: likely },
  { weight: 1, arbitrary: unlikely.map((one) => [one]) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((one) => [one]) },
);
const args = fc.tuple(command, fc.array(word, { maxLength: 5 })).map(([first, rest]) => [...first, ...rest.flat()]);
const input = fc.oneof(fc.constant(''), fc.constant('\n\n\n'), fc.string({ unit: 'binary', maxLength: 40 }));

describe('whatever the arguments are', () => {
  it('ends with a status that is documented, and without a trace in the home', async () => {
    const machine = createTestMachine({ AUTHSVC_URL: 'http://127.0.0.1:9', AUTHSVC_STORAGE: 'file', CI: 'true' });
    const statuses = Object.values(exitStatus).filter((status) => status !== exitStatus.unexpected);
    await fc.assert(
      fc.asyncProperty(args, input, async (argv, given) => {
        const { status, stdout, stderr } = await machine.authsvc(argv, { input: given });
        expect({ status, stderr }).toEqual({ status: expect.toBeOneOf(statuses), stderr: expect.any(String) });
        expect(stdout + stderr).not.toContain('\u001b');
        if (!argv.includes('--debug')) expect(stderr).not.toMatch(/\n\s+at /);
        expect(machine.files()).toEqual({});
      }),
      runs(500),
    );
  });
});
