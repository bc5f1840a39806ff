import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { repairKeytar } from './keychain-parts.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, runQuietly, StepError, step } from './step.mjs';
import { installSystemPackages, systemPackages } from './system-packages.mjs';
import { runTests } from './vitest-run.mjs';

/** @typedef {import('./vitest-run.mjs').Outcome} Outcome */

const tools = join(root, 'node_modules');
const compiler = join(tools, 'typescript', 'bin', 'tsc');

/** @type {readonly [title: string, work: () => Promise<Outcome>][]} */
const checks = [
  [
    'Format and lint',
    () => program(join(tools, '@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.'),
  ],
  ['Shape', () => program(join(root, 'scripts', 'check-shape.mjs'))],
  ['What shows the security rules', () => program(join(root, 'scripts', 'check-security.mjs'))],
  ['What operators are told', () => program(join(root, 'scripts', 'check-operations.mjs'))],
  ['Dependency audit', audit],
  ['Types', () => program(compiler, '-p', 'tsconfig.tests.json')],
  ['Types of the scripts', () => program(compiler, '-p', join('scripts', 'tsconfig.json'))],
  ['Unit and integration tests', () => runTests('unit')],
  ['The same on PostgreSQL', () => runTests('postgres')],
  ['End-to-end tests', () => runTests('e2e')],
  ['The packed packages, installed', () => runTests('packed')],
];

const started = performance.now();
const obstacles = [await installSystemPackages()];
await setUp().catch(exitFailed);
obstacles.push(await repairKeytar());

/** @type {Outcome[]} */
const outcomes = [];
for (const [title, work] of checks) outcomes.push(await attempt(title, work));
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
 * A program that checks one thing.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<Outcome>}
 */
async function program(file, ...args) {
  const { status, log } = await runQuietly(process.execPath, [file, ...args], { cwd: root });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: [], log };
}

/** Says how it went, in one line or, where tests were skipped, loudly; and ends with the status that says the same. */
function report() {
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const passed = sum(outcomes.map((outcome) => outcome.passed));
  // Elsewhere a person reads the warning; in CI nobody does.
  const failed = sum(outcomes.map((outcome) => outcome.failed)) + (process.env.CI === 'true' ? skipped.length : 0);
  const seconds = Math.round((performance.now() - started) / 1000);

  if (skipped.length > 0) {
    console.error(
      `\n! SKIPPED: ${skipped.length} tests did not run${process.env.CI === 'true' ? ', which fails in CI' : ''}:`,
    );
    for (const name of skipped) console.error(`  - ${name}`);
    const known = obstacles.filter((obstacle) => obstacle !== undefined);
    const needs = `they need a Secret Service, shells, proxies, a browser, Flask and Go, on Debian: ${systemPackages.join(' ')}`;
    console.error(known.length > 0 ? `  Why: ${known.join('\n  ')}` : `  Why: ${needs}`);
  }
  console.log(
    `\n${failed === 0 ? '✓' : '✗'} ${passed} passed, ${failed} failed, ${skipped.length} skipped in ${seconds} s`,
  );
  if (process.env.TEST_TOTALS_FILE) writeFileSync(process.env.TEST_TOTALS_FILE, `${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** @param {readonly number[]} counts */
function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}
