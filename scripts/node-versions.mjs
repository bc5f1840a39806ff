import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildEnvironment } from './install.mjs';
import { root } from './root.mjs';
import { exitFailed, mustRun, step } from './step.mjs';
import { writeBlock } from './write-tables.mjs';

/**
 * `totals` are passed, failed and skipped; empty where no test ran.
 *
 * @typedef {{ version: string, totals: string[], seconds: number }} Result
 */

/** Supported major versions, which the npm package `node` provides. */
const supported = ['20', '22', '24', '26'];

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
if (values.write) writeBlock('CONTRIBUTING.md', 'node versions', table);
process.exitCode = results.every(({ totals: [, failed] }) => failed === '0') ? 0 : 1;

/** Warn about uncommitted changes: what is tested is a clone. */
async function nameUncommitted() {
  const changes = await mustRun('git', ['status', '--porcelain'], { cwd: root });
  if (changes !== '') console.error(`! Not tested, because not committed:\n${changes}`);
}

/**
 * Install, build and test a fresh clone under one version of Node, sharing only pnpm's store.
 *
 * @param {string} major
 * @returns {Promise<Result>}
 */
async function test(major) {
  const folder = mkdtempSync(join(tmpdir(), `authsvc-node-${major}-`));
  // Run as root, some tests start the programs as another user.
  chmodSync(folder, 0o755);
  try {
    const execPath = await fetchNode(major, folder);
    const version = (await mustRun(execPath, ['--version'], { cwd: folder })).trim();
    console.log(`\nNode ${version}`);
    const started = performance.now();
    const clone = join(folder, 'clone');
    await mustRun('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { cwd: folder });

    const totalsFile = join(folder, 'totals');
    // Node-API is the same in every version, so headers of another version will do.
    const PATH = `${dirname(execPath)}${delimiter}${process.env.PATH}`;
    const env = { ...buildEnvironment(), PATH, TEST_TOTALS_FILE: totalsFile };
    spawnSync(execPath, ['scripts/test.mjs', ...projects], {
      cwd: clone,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    const totals = existsSync(totalsFile) ? readFileSync(totalsFile, 'utf8') : '';
    return { version, totals: totals.match(/\d+/g) ?? [], seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} major
 * @param {string} folder outside the clone, so that npm ignores the clone's settings
 * @returns {Promise<string>} a copy in that folder, since only its owner can read npm's cache
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
