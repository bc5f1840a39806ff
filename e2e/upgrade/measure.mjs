import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setInterval } from 'node:timers';
import { parseArgs } from 'node:util';
import { setUp } from '../../scripts/setup.mjs';
import { exitFailed } from '../../scripts/step.mjs';
import { startPostgresServer } from '../../test/postgres-server.mjs';
import { readOrExit, say } from '../bench/options.mjs';
import { authsvcDatabase, startAuthsvc } from '../bench/parties/authsvc.mjs';
import { importOwnDependency } from '../bench/parties/own-dependency.mjs';
import { makeOldPostgres, makeOldSqlite } from './old-database.mjs';

const usage = `npm run bench:upgrade -- [options]

  How long this version takes to upgrade a database that version 1.0.0 made: the start that migrates, beside the next one;
  the daemon's peak of memory; the size of the database.

  --accounts <n>  how many (1000000), each known by one address, every fifth with a session, every hundredth throttled
  --only <name>   sqlite or postgres
  --help`;

const SAMPLE_MS = 20;

const { values } = readOrExit(
  () =>
    parseArgs({
      options: {
        accounts: { type: 'string', default: '1000000' },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }),
  usage,
);
if (values.help) {
  say(usage);
  process.exit(0);
}
const accounts = Number(values.accounts);

/**
 * @typedef {object} Upgrade
 * @property {string} database
 * @property {number} migratingMs the start that migrates
 * @property {number} processorMs of its process alone
 * @property {number} startMs the next one
 * @property {number} peakMemory of the former, in MB
 * @property {number} usualMemory of the latter, in MB
 * @property {number} sizeBefore in MB
 * @property {number} sizeAfter
 * @property {number} peakSize while it migrates
 */

/**
 * @param {string} folder
 * @param {Record<string, string>} settings
 */
async function timeStart(folder, settings) {
  const startedAt = performance.now();
  const party = await startAuthsvc(folder, settings);
  const tookMs = performance.now() - startedAt;
  const [, peakKb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${party.pid}/status`, 'utf8')) ?? [];
  // After the name, which may hold blanks: the 12th and 13th field, in hundredths of a second.
  const fields = readFileSync(`/proc/${party.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const processorMs = 10 * (Number(fields[11]) + Number(fields[12]));
  await party.stop();
  return { tookMs, processorMs, peakMemory: (Number(peakKb) * 1024) / 1e6 };
}

/**
 * @param {string} database
 * @param {string} folder
 * @param {Record<string, string>} settings
 * @param {() => Promise<number>} measureSize in bytes
 * @returns {Promise<Upgrade>}
 */
async function measure(database, folder, settings, measureSize) {
  const sizeBefore = await measureSize();
  let peakSize = sizeBefore;
  const sampling = setInterval(async () => {
    peakSize = Math.max(peakSize, await measureSize().catch(() => 0));
  }, SAMPLE_MS);
  const migrating = await timeStart(folder, settings);
  clearInterval(sampling);
  const sizeAfter = await measureSize();
  const next = await timeStart(folder, settings);
  return {
    database,
    migratingMs: migrating.tookMs,
    processorMs: migrating.processorMs,
    startMs: next.tookMs,
    peakMemory: migrating.peakMemory,
    usualMemory: next.peakMemory,
    sizeBefore: sizeBefore / 1e6,
    sizeAfter: sizeAfter / 1e6,
    peakSize: peakSize / 1e6,
  };
}

/** @param {string} folder */
async function measureSqlite(folder) {
  const file = authsvcDatabase(folder);
  await makeOldSqlite(file, accounts);
  const measureSize = async () => {
    const files = await Promise.all([file, `${file}-wal`].map((path) => stat(path).catch(() => ({ size: 0 }))));
    return files.reduce((sum, { size }) => sum + size, 0);
  };
  return measure('SQLite', folder, {}, measureSize);
}

/** @param {string} folder */
async function measurePostgres(folder) {
  const server = await startPostgresServer({ settings: { fsync: 'on' } });
  const { Client } = await importOwnDependency('core', 'pg');
  const client = new Client({ connectionString: server.url });
  try {
    await client.connect();
    await client.query('create database accounts template template0');
    const url = new URL(server.url);
    url.pathname = '/accounts';
    await makeOldPostgres(url.href, accounts);
    const measureSize = async () => {
      const { rows } = await client.query("select pg_database_size('accounts') as size");
      return Number(rows[0].size);
    };
    return await measure('PostgreSQL', folder, { AUTHSVC_DATABASE_URL: url.href }, measureSize);
  } finally {
    await client.end();
    await server.remove();
  }
}

await setUp().catch(exitFailed);
const parties = { sqlite: measureSqlite, postgres: measurePostgres };
const names = /** @type {(keyof typeof parties)[]} */ (Object.keys(parties));
for (const name of names.filter((one) => values.only === undefined || values.only === one)) {
  const folder = await mkdtemp(join(tmpdir(), 'authsvc-upgrade-'));
  try {
    const load = loadavg()[0] ?? 0;
    const made = await parties[name](folder);
    const [mb, s] = [(/** @type {number} */ n) => n.toFixed(0), (/** @type {number} */ ms) => (ms / 1000).toFixed(1)];
    say(`${made.database}: ${accounts.toLocaleString('en')} accounts
  the start that migrates  ${s(made.migratingMs)} s, the next one ${s(made.startMs)} s; ${s(made.processorMs)} s on a processor
  peak memory              ${mb(made.peakMemory)} MB, at the next start ${mb(made.usualMemory)} MB
  the database             ${mb(made.sizeBefore)} MB before, ${mb(made.sizeAfter)} MB after, ${mb(made.peakSize)} MB meanwhile
  on                       ${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}; load before ${load.toFixed(1)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
