import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Daemon, serviceEnvironment, startDaemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { authsvcFile, type Environment } from '../../support/program.ts';
import { makeDatabase, type RowDatabase } from '../database.ts';
import type { Dialect, Row } from '../row.ts';
import { judge } from '../run-row.ts';

const MIGRATORS = 4;

export const migratorsRow: Row<'rounds'> = {
  name: 'migrators',
  fault: 'Migration killed; four migrators at once',
  dialects: ['sqlite', 'postgres'],
  sizes: { small: { rounds: 1 }, full: { rounds: 50 } },
  async run({ size, dialect, folder }) {
    const failures: string[] = [];
    const first = join(folder, 'first');
    await mkdir(first);
    const startMs = await timeStart(first, (await makeDatabase(dialect, first)).settings);
    let unfinished = 0;
    let held = 0;
    let served = 0;
    for (let round = 0; round < size.rounds; round += 1) {
      const home = join(folder, `round${round}`);
      await mkdir(home);
      const database = await makeDatabase(dialect, home);
      // The first start is killed at a random moment.
      const env = serviceEnvironment(home, database.settings);
      const killed = spawn(process.execPath, [authsvcFile, 'serve'], { env, stdio: 'ignore' });
      await setTimeout(Math.random() * startMs);
      killed.kill('SIGKILL');
      await once(killed, 'close');
      if (!(await isMigrated(dialect, home, database))) unfinished += 1;

      const migrators = await startMany(dialect, home, database.settings);
      const daemons = migrators.filter((migrator): migrator is Daemon => !(migrator instanceof Error));
      served += daemons.length;
      for (const { url } of daemons) {
        const { status } = await send(url, 'GET /ready');
        if (status !== 200) failures.push(`/ready was answered ${status}`);
      }
      const expected = dialect === 'sqlite' ? 1 : MIGRATORS;
      if (daemons.length !== expected)
        failures.push(`${daemons.length} of ${MIGRATORS} started: ${migrators.join('; ')}`);
      for (const error of migrators.filter((migrator) => migrator instanceof Error)) {
        held += 1;
        const saysWho = /another authsvc \((pid \d+, listening on|pid \d+\b)|another authsvc that is starting/.test(
          error.message,
        );
        if (!saysWho) failures.push(`one was refused with: ${error.message}`);
      }
      for (const daemon of daemons) await daemon.stop();
      const applied = await database.query('select name, count(*) as times from migrations group by name');
      if (applied.length === 0 || applied.some(({ times }) => Number(times) !== 1)) {
        failures.push(`migrations are there as ${JSON.stringify(applied)}`);
      }
      if (dialect === 'sqlite') {
        const [integrity] = await database.query('pragma integrity_check');
        if (integrity?.integrity_check !== 'ok') failures.push(`integrity_check says ${JSON.stringify(integrity)}`);
      }
      await rm(home, { recursive: true });
    }
    return judge(
      `killed a first start at a random moment, then started ${MIGRATORS} at once`,
      size.rounds,
      `${unfinished} kills before the migration was done; ${served} of ${size.rounds * MIGRATORS} started, ${held} were refused with the name of the holder; ${failures.length} migrations or files wrong`,
      failures,
    );
  },
};

/** On SQLite they share a data folder, on PostgreSQL the database alone. */
function startMany(dialect: Dialect, home: string, settings: Environment): Promise<(Daemon | Error)[]> {
  const start = async (_: unknown, index: number) => {
    const own = dialect === 'sqlite' ? home : join(home, String(index));
    await mkdir(own, { recursive: true });
    return await startDaemon({ home: own, settings }).catch((error: Error) => error);
  };
  return Promise.all(Array.from({ length: MIGRATORS }, start));
}

/** Look at a copy of the file: opening the file itself would repair it. */
async function isMigrated(dialect: Dialect, home: string, database: RowDatabase): Promise<boolean> {
  const copy = `${home}-copy`;
  if (dialect === 'sqlite') await cp(home, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const looked = dialect === 'sqlite' ? await makeDatabase(dialect, copy) : database;
  const rows = await looked.query('select 1 from migrations').catch(() => []);
  await rm(copy, { recursive: true, force: true });
  return rows.length > 0;
}

/** How long a start takes here and now, in milliseconds. */
async function timeStart(home: string, settings: Environment): Promise<number> {
  const started = performance.now();
  const daemon = await startDaemon({ home, settings });
  const tookMs = performance.now() - started;
  await daemon.stop();
  return tookMs;
}
