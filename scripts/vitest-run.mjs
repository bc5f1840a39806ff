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
 * @param {{ testResults: { status: string, assertionResults: { status: string, fullName: string }[] }[] }} report
 * @param {number} status of the process that wrote it
 */
function count(report, status) {
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  /** @param {string} wanted */
  const having = (wanted) => tests.filter((test) => test.status === wanted);
  // A file that cannot be loaded fails without a test of its own.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = having('failed').length + brokenFiles.length;
  return {
    passed: having('passed').length,
    failed: status === 0 ? failed : Math.max(failed, 1),
    skipped: tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName),
  };
}
