import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { repairKeytar } from './install.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, runQuietly, step } from './step.mjs';
import { imagePackages, installSystemPackages, systemPackages } from './system-packages.mjs';

/**
 * The outcome of a check.
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped
 * @property {string} log
 * @property {string[]} [notices] printed, and fail nothing
 */

/** Projects of vitest.config.ts, given as arguments: then only their tests run. */
const projects = process.argv.slice(2);

/** @type {readonly [title: string, work: () => Promise<Outcome>][]} */
const all = [
  ['Format, lint and what is unused', () => script('lint')],
  ['Shape and prose', () => script('check:prose')],
  ['What the docs promise', () => script('check:docs')],
  ['Dependency audit', audit],
  ['Types', () => script('types')],
  ['Unit and integration tests', () => runTests('unit')],
  ['The same on PostgreSQL', () => runTests('postgres')],
  ['End-to-end tests', () => runTests('e2e')],
  ['The packed packages, installed', () => runTests('packed')],
];
const some = projects.map((name) => /** @type {const} */ ([`Tests: ${name}`, () => runTests(name)]));

const started = performance.now();
const forImage = projects.includes('image');
const needed = forImage ? imagePackages : systemPackages;
const obstacles = [forImage || projects.length === 0 ? await installSystemPackages(needed) : undefined];
await setUp().catch(exitFailed);
obstacles.push(await repairKeytar());

/** @type {Outcome[]} */
const outcomes = [];
for (const [title, work] of projects.length === 0 ? all : some) outcomes.push(await attempt(title, work));
report();

/**
 * Run one check; a failure does not keep the next from running.
 *
 * @param {string} title
 * @param {() => Promise<Outcome>} work
 * @returns {Promise<Outcome>}
 */
async function attempt(title, work) {
  const outcome = await step(
    title,
    work,
    ({ passed }) => (passed > 1 ? `${passed} passed` : ''),
    ({ failed }) => failed > 0,
  );
  if (outcome.failed > 0) console.error(outcome.log.trimEnd());
  for (const notice of outcome.notices ?? []) console.error(`! ${notice}`);
  return outcome;
}

/**
 * Run a script of package.json that checks something.
 *
 * @param {string} name
 * @returns {Promise<Outcome>}
 */
async function script(name) {
  const { status, log } = await runQuietly('npm', ['run', '--silent', name], { cwd: root });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: [], log };
}

/**
 * Run the tests of one project of vitest.config.ts.
 *
 * @param {string} project
 * @returns {Promise<Outcome>} `skipped` holds full names; `failed` is at least 1 if the run failed
 */
async function runTests(project) {
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
 * @typedef {{ assertionResults: Test[] }} File
 * @param {{ numPassedTests: number, numFailedTests: number, testResults: File[] }} report
 * @param {number} status of the process that wrote it
 */
function count({ numPassedTests, numFailedTests, testResults }, status) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: numPassedTests,
    // A test file that cannot be loaded has no failed test.
    failed: status === 0 ? numFailedTests : Math.max(numFailedTests, 1),
    skipped: tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName),
  };
}

/** Print the totals and every skipped test, and set the exit status. */
function report() {
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const isFailure = process.env.CI === 'true';
  const passed = sum(outcomes.map((outcome) => outcome.passed));
  // Outside CI the warning below is enough.
  const failed = sum(outcomes.map((outcome) => outcome.failed)) + (isFailure ? skipped.length : 0);
  const seconds = Math.round((performance.now() - started) / 1000);

  if (skipped.length > 0) {
    const known = obstacles.filter((obstacle) => obstacle !== undefined);
    const needs = `they need programs that Debian has in: ${needed.join(' ')}`;
    console.error(`\n! SKIPPED: ${skipped.length} tests did not run${isFailure ? ', which fails in CI' : ''}:`);
    for (const name of skipped) console.error(`  - ${name}`);
    console.error(`  Why: ${known.join('\n  ') || needs}`);
  }
  const totals = `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
  console.log(`\n${failed === 0 ? '✓' : '✗'} ${totals} in ${seconds} s`);
  if (process.env.TEST_TOTALS_FILE) writeFileSync(process.env.TEST_TOTALS_FILE, totals);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** @param {readonly number[]} counts */
function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}
