import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.mjs';
import { runQuietly } from './step.mjs';

/** @typedef {{ passed: number, failed: number, skipped: string[], log: string, notices?: string[] }} Outcome `notices` fail nothing, and are said all the same */

/**
 * Runs the tests of one project of vitest.config.ts.
 *
 * @param {string} project
 * @returns {Promise<Outcome>} `skipped` holds the full names; `failed` is never 0 when the run itself went wrong
 */
export async function runTests(project) {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-tests-'));
  const report = join(folder, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status, log } = await runQuietly(process.execPath, [vitest, 'run', '--project', project, ...reporters], {
    cwd: root,
  });
  try {
    return { ...count(JSON.parse(readFileSync(report, 'utf8')), status), log };
  } catch {
    return { passed: 0, failed: 1, skipped: [], log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @typedef {{ status: string, fullName: string }} Test
 * @param {{ numPassedTests: number, numFailedTests: number, testResults: { assertionResults: Test[] }[] }} report
 * @param {number} status of the process that wrote it
 */
function count({ numPassedTests, numFailedTests, testResults }, status) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: numPassedTests,
    // A file that cannot be loaded fails without a test of its own.
    failed: status === 0 ? numFailedTests : Math.max(numFailedTests, 1),
    skipped: tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName),
  };
}
