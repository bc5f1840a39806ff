import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cleanEnvironment, root } from '../../support/program.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

/**
 * Core's own tests: they move a fixed clock back and forward. A machine's own clock cannot be moved
 * for one process alone.
 */
const files = ['clock-set-back.test.ts', 'session.test.ts', 'throttle.test.ts'].map((name) =>
  join('packages', 'core', 'src', name),
);

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
    if (facts.length === 0) failures.push('there are no facts');
    const held = facts.length - failures.length;
    return judge(`set core's fixed clock, in ${files.join(', ')}`, facts.length, `${held} facts hold`, failures);
  },
};
