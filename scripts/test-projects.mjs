import { writeFileSync } from 'node:fs';
import { repairKeytar } from './keychain-parts.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, StepError, step } from './step.mjs';
import { runTests } from './vitest-run.mjs';

/** @typedef {{ passed: number, failed: number, skipped: string[] }} Totals */

/** Runs some projects of vitest.config.ts and nothing else, and leaves the totals in a file: `node scripts/test-projects.mjs totals.json unit e2e`. */
const [totalsFile = '', ...projects] = process.argv.slice(2);

await setUp().catch(exitFailed);
await repairKeytar();
/** @type {Totals} */
const totals = { passed: 0, failed: 0, skipped: [] };
for (const project of projects) {
  try {
    await step(
      `Tests: ${project}`,
      async () => {
        const { passed, failed, skipped, log } = await runTests(project);
        totals.passed += passed;
        totals.failed += failed;
        totals.skipped.push(...skipped);
        if (failed > 0) throw new StepError(`${failed} tests failed`, log);
        return `${passed} passed`;
      },
      (result) => result,
    );
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.log.trimEnd());
  }
}
writeFileSync(totalsFile, JSON.stringify(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;
