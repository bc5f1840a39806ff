import { expect, it } from 'vitest';
import { createTestMachine } from '../testing/test-machine.ts';

const KEEP = '--keep is how many backups to keep, a whole number from 1 to 9999, not';

it.each([
  [['--dir', 'x', '--keep', '0'], `${KEEP} "0"`],
  [['--dir', 'x', '--keep', '-1'], `${KEEP} "-1"`],
  [['--dir', 'x', '--keep', '1.5'], `${KEEP} "1.5"`],
  [['--dir', 'x', '--keep', 'abc'], `${KEEP} "abc"`],
  [['--dir', 'x', '--keep', ''], `${KEEP} ""`],
  [['--dir', ''], '--dir needs the path of a folder'],
  [['copy.db', '--dir', 'x'], 'Give a file or --dir, not both'],
  [['copy.db', '--keep', '3'], '--keep belongs to --dir: a file that you name is never removed'],
  [['--keep', '3'], '--keep belongs to --dir: a file that you name is never removed'],
  [[], 'Where to? Give a file, or a folder with --dir'],
])('authsvc backup with %j ends with 2', async (args, message) => {
  const { status, stdout } = await createTestMachine().authsvc(['backup', ...args, '--json']);
  expect([status, JSON.parse(stdout)]).toEqual([2, { error: { code: 'usage', message } }]);
});
