import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from '../../scripts/setup.mjs';
import { exitFailed } from '../../scripts/step.mjs';
import { installParties } from './install-parties.mjs';
import { loadGenerator } from './load/session-checks.mjs';
import { readOptions, readOrExit, say, usage } from './options.mjs';
import { runScenario } from './run-scenario.mjs';
import { scenarios } from './scenarios/index.mjs';
import { hashPassword } from './seed.mjs';
import { resultTable } from './table.mjs';
import { judgeTargets, targetTable } from './targets.mjs';

const names = scenarios.map(({ name }) => name);
const options = readOrExit(() => readOptions(process.argv.slice(2), names), usage);
if (options.help) say(usage);
else await bench(options);

/** @param {import('./options.mjs').Options} options */
async function bench({ quick, rounds, only, json }) {
  const chosen = scenarios.filter(({ name }) => only.length === 0 || only.includes(name));
  await setUp().catch(exitFailed);
  if (!chosen.every(({ needsNobodyElse }) => needsNobodyElse)) await installParties().catch(exitFailed);
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-bench-'));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  const machine = { cores: cpus().length, cpu: cpus()[0]?.model.trim() ?? '', node: process.version };
  say(`\n${conditions(machine, rounds, quick)}`);
  const passwordHash = await hashPassword();
  /** @type {{ name: string, title: string, rows: import('./rounds.mjs').Row[] }[]} */
  const sections = [];
  for (const scenario of chosen) {
    const { name, title } = scenario;
    const stageFolder = join(folder, name);
    mkdirSync(stageFolder);
    try {
      const rows = await runScenario(scenario, { folder: stageFolder, rounds, quick, passwordHash });
      sections.push({ name, title, rows });
    } catch (error) {
      // One failed scenario does not lose what the others measured in half an hour.
      process.stderr.write(`✗ ${title}: ${/** @type {Error} */ (error).message}\n`);
      process.exitCode = 1;
    }
    rmSync(stageFolder, { recursive: true });
    if (json === undefined) continue;
    const targets = judgeTargets(sections.flatMap(({ rows }) => rows));
    const results = { machine, load: loadGenerator, quick, rounds, scenarios: sections, targets };
    writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  const verdicts = judgeTargets(sections.flatMap(({ rows }) => rows));
  say(`${resultTable(sections)}\n\n${targetTable(verdicts)}`);
}

/**
 * @param {{ cores: number, cpu: string, node: string }} machine
 * @param {number} rounds
 * @param {boolean} quick
 */
function conditions({ cores, cpu, node }, rounds, quick) {
  const turns = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
  const remark = quick ? '; a quick run, to see that it works, not to quote' : '';
  return `${cores} cores (${cpu}), Node ${node}, load by ${loadGenerator}, ${turns}${remark}`;
}
