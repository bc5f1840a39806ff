import { writeFileSync } from 'node:fs';
import { audit } from './audit.mjs';
import { repairKeytar } from './install.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, runQuietly, StepError, step } from './step.mjs';
import { installSystemPackages, systemPackages } from './system-packages.mjs';
import { runTests } from './vitest-run.mjs';

/** @typedef {import('./vitest-run.mjs').Outcome} Outcome */

/** With names of projects of vitest.config.ts as arguments, only their tests run. */
const projects = process.argv.slice(2);

/** @type {readonly [title: string, work: () => Promise<Outcome>][]} */
const all = [
  ['Format and lint', () => script('lint')],
  ['Shape', () => script('check:shape')],
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
const obstacles = [projects.length === 0 ? await installSystemPackages() : undefined];
await setUp().catch(exitFailed);
obstacles.push(await repairKeytar());

/** @type {Outcome[]} */
const outcomes = [];
for (const [title, work] of projects.length === 0 ? all : some) outcomes.push(await attempt(title, work));
report();

/**
 * Runs one check to its end, so that one failure does not hide the next.
 *
 * @param {string} title
 * @param {() => Promise<Outcome>} work
 * @returns {Promise<Outcome>}
 */
async function attempt(title, work) {
  /** @type {Outcome} */
  let outcome = { passed: 0, failed: 1, skipped: [], log: '' };
  try {
    await step(
      title,
      async () => {
        outcome = await work();
        if (outcome.failed > 0) throw new StepError(title, outcome.log);
      },
      () => (outcome.passed > 1 ? `${outcome.passed} passed` : ''),
    );
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.log.trimEnd());
  }
  for (const notice of outcome.notices ?? []) console.error(`! ${notice}`);
  return outcome;
}

/**
 * Runs a script of package.json that checks one thing.
 *
 * @param {string} name
 * @returns {Promise<Outcome>}
 */
async function script(name) {
  const { status, log } = await runQuietly('npm', ['run', '--silent', name], { cwd: root });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: [], log };
}

/** Says how it went, in one line or, where tests were skipped, loudly; and ends with the status that says the same. */
function report() {
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const isFailure = process.env.CI === 'true';
  const passed = sum(outcomes.map((outcome) => outcome.passed));
  // Elsewhere a person reads the warning.
  const failed = sum(outcomes.map((outcome) => outcome.failed)) + (isFailure ? skipped.length : 0);
  const seconds = Math.round((performance.now() - started) / 1000);

  if (skipped.length > 0) {
    const known = obstacles.filter((obstacle) => obstacle !== undefined);
    const needs = `they need a Secret Service, shells, proxies, a browser, Flask and Go, on Debian: ${systemPackages.join(' ')}`;
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
