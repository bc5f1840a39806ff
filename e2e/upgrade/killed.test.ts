import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { serviceEnvironment, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { authsvcFile, type Environment } from '../support/program.ts';
import { makeCopies, type OldCopy } from './copies.ts';
import { type Dialect, old } from './old-database.mjs';

/** `AUTHSVC_TEST_UPGRADE_KILLS=50` for as many as the promise names, which takes some minutes. */
const kills = Number(process.env.AUTHSVC_TEST_UPGRADE_KILLS ?? 5);
/** Enough for a migration that takes longer than a look at its lock. */
const accounts = 40_000;
const LOOK_MS = 5;

/** What upgrades a database, and would on an operator's machine. */
const upgraders: Readonly<Record<Dialect, readonly (readonly string[])[]>> = {
  sqlite: [['serve'], ['daemon', 'start'], ['migrate']],
  postgres: [['serve'], ['daemon', 'start'], ['migrate', '--schema-only']],
};

/** Kills a command at once, and the daemon that it has started by `daemon start`. */
function kill({ pid }: ChildProcess): void {
  const daemons = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  for (const victim of [...daemons, pid]) killIfThere(Number(victim));
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Kills what still runs with a home, such as the daemon of a command that had ended. */
async function killRest(home: string): Promise<void> {
  const isOfHome = async (pid: string) =>
    (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(`HOME=${home}\0`);
  for (;;) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const left = await Promise.all(pids.map(async (pid) => ((await isOfHome(pid)) ? [Number(pid)] : [])));
    if (left.flat().length === 0) return;
    for (const pid of left.flat()) killIfThere(pid);
    await wait(LOOK_MS);
  }
}

function start(args: readonly string[], home: string, settings: Environment) {
  const env = serviceEnvironment(home, settings);
  return spawn(process.execPath, [authsvcFile, ...args], { env, stdio: 'ignore' });
}

/** Resolves once a migration is under way, or is over. To open a file, SQLite locks it briefly. */
async function untilMigrating(copy: OldCopy, isOver: () => boolean): Promise<void> {
  for (let looks = 0; looks < 2 && !isOver(); await wait(LOOK_MS)) looks = (await copy.isMigrating()) ? looks + 1 : 0;
}

/** How long a start that nothing interrupts takes, and within it the migration. */
async function measure(copy: OldCopy, home: string) {
  const startedAt = performance.now();
  const serving = startDaemon({ home, settings: copy.settings });
  let isReady = false;
  const ready = serving.finally(() => {
    isReady = true;
  });
  // Awaited below, after the looks.
  ready.catch(() => undefined);
  await untilMigrating(copy, () => isReady);
  const beganAt = performance.now();
  while (!isReady && (await copy.isMigrating())) await wait(LOOK_MS);
  const migrationMs = performance.now() - beganAt;
  const daemon = await ready;
  const startMs = performance.now() - startedAt;
  await daemon.stop();
  return { startMs, migrationMs };
}

describe.skipIf(process.platform !== 'linux').each(['sqlite', 'postgres'] as const)('an upgrade on %s', (dialect) => {
  it('that is killed leaves the old schema or the new one, and the next start completes it', {
    timeout: 120_000 + kills * 60_000,
  }, async ({ home: folder, annotate }) => {
    const copyTo = await makeCopies(dialect, folder, accounts);
    const makeHome = async (name: string) => {
      const home = join(folder, name);
      await mkdir(home);
      return home;
    };
    const first = await makeHome('first');
    const whole = await copyTo(first);
    const before = await whole.look();
    const { startMs, migrationMs } = await measure(whole, first);
    const after = await whole.look();
    expect(after.schema).not.toBe(before.schema);
    expect(after.rows).toBe(before.rows);
    await whole.remove();

    const landed = { before: 0, within: 0, after: 0 };
    for (let round = 0; round < kills; round += 1) {
      const home = await makeHome(`home${round}`);
      const copy = await copyTo(home);
      const args = upgraders[dialect][round % 3] ?? [];
      const target = args[0] === 'migrate' && dialect === 'sqlite' && (await makePostgresDatabase());
      const child = start(args, home, target ? { AUTHSVC_DATABASE_URL: target } : copy.settings);
      const ended = once(child, 'close');
      // Two of five at any moment of a start. The rest are timed from the beginning of the
      // migration, whenever that is on a busy machine, and spread over it.
      if (round % 5 < 2) {
        await wait(Math.random() * startMs);
      } else {
        const giveUpAt = performance.now() + 5 * startMs;
        await untilMigrating(copy, () => child.exitCode !== null || performance.now() > giveUpAt);
        await wait((((round % 5) - 2 + Math.random()) / 3) * migrationMs);
      }
      const wasMigrating = await copy.isMigrating();
      if (child.exitCode === null) kill(child);
      await ended;
      await killRest(home);

      const left = await copy.look();
      expect([before.schema, after.schema]).toContain(left.schema);
      expect(left.rows).toBe(before.rows);
      const notAfter = wasMigrating ? 'within' : 'before';
      landed[left.schema === before.schema ? notAfter : 'after'] += 1;

      const daemon = await startDaemon({ home, settings: copy.settings });
      expect((await send(daemon.url, 'GET /whoami', { session: old.session })).status).toBe(200);
      const login = await send(daemon.url, 'POST /sessions', {
        json: { email: old.emails.loggedIn, password: old.password },
      });
      expect(login.status).toBe(200);
      await daemon.stop();
      expect((await copy.look()).schema).toBe(after.schema);
      await copy.remove();
      await rm(home, { recursive: true });
    }
    await annotate(
      `${kills} kills: ${landed.before} before the migration, ${landed.within} within it, ${landed.after} after; a start took ${Math.round(startMs)} ms, of it ${Math.round(migrationMs)} ms to migrate ${accounts} accounts`,
    );
    expect(landed.within).toBeGreaterThan(0);
  });
});
