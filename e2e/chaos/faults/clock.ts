import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cleanEnvironment, root } from '../../support/program.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

/**
 * Core's unit tests, which set a fake clock back and forward; the row `clock-ahead` moves that of a
 * daemon.
 */
const names = ['clock-set-back.test.ts', 'sessions/session.test.ts', 'throttling/throttle.test.ts'];
const files = names.map((name) => join('packages', 'core', 'src', name));

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
}

export const clockRow: Row = {
  name: 'clock',
  fault: 'The clock jumps an hour or a day, both ways',
  dialects: ['sqlite'],
  sizes: { small: {}, full: {} },
  async run({ folder }) {
    const file = join(folder, 'report.json');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const options = ['--project', 'unit', '--reporter=json', `--outputFile=${file}`];
    const { exitCode } = await execa(process.execPath, [vitest, 'run', ...options, ...files], {
      cwd: root,
      env: cleanEnvironment(folder),
      extendEnv: false,
      reject: false,
    });
    const { testResults } = JSON.parse(await readFile(file, 'utf8')) as Report;
    const facts = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failures = facts.filter(({ status }) => status !== 'passed').map(({ fullName }) => `not so: ${fullName}`);
    if (exitCode !== 0) failures.push(`the tests ended with ${exitCode}`);
    if (testResults.length !== files.length) failures.push(`${testResults.length} of ${files.length} files were run`);
    const held = facts.length - failures.length;
    return judge(`set core's fixed clock, in ${files.join(', ')}`, facts.length, `${held} facts hold`, failures);
  },
};
