import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildEnvironment } from './install.mjs';
import { root } from './root.mjs';
import { exitFailed, mustRun, step } from './step.mjs';
import { writeBlock } from './write-tables.mjs';

/** @typedef {{ version: string, totals: string[], seconds: number }} Result passed, failed and skipped; none where no test ran */

/** Major versions of Node that are supported, as the npm package `node` has them. */
const supported = ['20', '22', '24'];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: supported },
    quick: { type: 'boolean', default: false },
    project: { type: 'string', multiple: true, default: ['unit', 'postgres', 'e2e', 'packed'] },
    write: { type: 'boolean', default: false },
  },
});
const projects = values.quick ? ['unit'] : values.project;

await nameUncommitted().catch(exitFailed);
/** @type {Result[]} */
const results = [];
for (const major of values.only) results.push(await test(major).catch(exitFailed));
const table = `Tests: ${projects.join(', ')}.\n\n${tableOf(results)}`;
console.log(`\n${table}`);
if (values.write) writeBlock('README.md', 'node versions', table);
process.exitCode = results.every(({ totals: [, failed] }) => failed === '0') ? 0 : 1;

/** What is tested is a clone, and so what is committed. */
async function nameUncommitted() {
  const changes = await mustRun('git', ['status', '--porcelain'], { cwd: root });
  if (changes !== '') console.error(`! Not tested, because not committed:\n${changes}`);
}

/**
 * Installs, builds and tests a clone of its own under one version of Node, so that nothing is shared but the package manager's store.
 *
 * @param {string} major
 * @returns {Promise<Result>}
 */
async function test(major) {
  const folder = mkdtempSync(join(tmpdir(), `authsvc-node-${major}-`));
  // Tests that are run as root do some things as another user, who must get at the programs.
  chmodSync(folder, 0o755);
  try {
    const execPath = await fetchNode(major, folder);
    const version = (await mustRun(execPath, ['--version'], { cwd: folder })).trim();
    console.log(`\nNode ${version}`);
    const started = performance.now();
    const clone = join(folder, 'clone');
    await mustRun('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { cwd: folder });

    const totalsFile = join(folder, 'totals');
    // All native packages use Node-API, which is the same in every version: headers of another one will do.
    const env = {
      ...buildEnvironment(),
      PATH: `${dirname(execPath)}${delimiter}${process.env.PATH}`,
      TEST_TOTALS_FILE: totalsFile,
    };
    spawnSync(execPath, [join('scripts', 'test.mjs'), ...projects], {
      cwd: clone,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    return { version, totals: existsSync(totalsFile) ? (readFileSync(totalsFile, 'utf8').match(/\d+/g) ?? []) : [], seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} major
 * @param {string} folder any outside the clone, whose settings npm would obey
 * @returns {Promise<string>} the path of the program, in that folder: npm's own is for its user alone
 */
async function fetchNode(major, folder) {
  const fetched = step(`Fetched Node ${major}`, () =>
    mustRun('npx', ['--yes', '--package', `node@${major}`, '--', 'node', '--print', 'process.execPath'], {
      cwd: folder,
    }),
  );
  const lines = (await fetched).trim().split('\n');
  const own = join(folder, basename(lines.at(-1) ?? ''));
  copyFileSync(lines.at(-1) ?? '', own);
  return own;
}

/** @param {readonly Result[]} rows */
function tableOf(rows) {
  const lines = rows.map(({ version, totals, seconds }) => {
    const cells = totals.length > 0 ? totals : ['none ran', '', ''];
    return `| ${[version, ...cells, seconds].join(' | ')} |`;
  });
  return ['| Node | passed | failed | skipped | seconds |', '|---|---|---|---|---|', ...lines].join('\n');
}
