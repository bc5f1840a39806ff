import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startDaemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { querySqlite } from '../../support/own-sqlite.ts';
import { authsvcFile, cleanEnvironment } from '../../support/program.ts';
import { runAuthsvc } from '../../support/run-authsvc.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { mountSmallDisk, smallDiskObstacle } from '../small-disk.ts';

const DISK_BYTES = 64 * 1_048_576;
const POLL_MS = 1;

/** A folder with a database, and the accounts that were acknowledged there. */
interface Kept {
  readonly what: string;
  readonly folder: string;
  readonly file: string;
  readonly emails: readonly string[];
}

type Place = 'former' | 'restored' | 'refused' | 'not begun';

export const restoreKilledRow: Row<'kills'> = {
  name: 'restore-killed',
  fault: 'A restore killed at a random moment',
  dialects: ['sqlite'],
  sizes: { small: { kills: 4 }, full: { kills: 200 } },
  async run({ size, folder, log, onEnd }) {
    if (smallDiskObstacle !== undefined) return cannotRun(smallDiskObstacle);
    const backups = await makeBackups(folder, onEnd);
    const currents = [
      await makeData(folder, 'killed', 'SIGKILL'),
      await makeData(folder, 'stopped', 'SIGTERM'),
      { what: 'none', folder: join(folder, 'none'), file: '', emails: [] },
    ];
    const failures: string[] = [];
    const ends: Record<Place, number> = { former: 0, restored: 0, refused: 0, 'not begun': 0 };
    let longestMs = await timeRestore(folder, backups[0], currents[0]);
    for (let kill = 0; kill < size.kills; kill += 1) {
      const backup = backups[kill % backups.length];
      const current = currents[Math.floor(kill / backups.length) % currents.length];
      if (!backup || !current) throw new Error('there is nothing to restore');
      const home = join(folder, `kill${kill}`);
      await mkdir(home);
      if (current.file !== '') await cp(current.folder, join(home, 'data'), { recursive: true });
      const { beganMs } = await restoreAndKill(home, backup.file, longestMs);
      if (beganMs !== undefined) longestMs = Math.max(longestMs, beganMs);
      const what = `kill ${kill} of a restore of ${backup.what} over ${current.what}`;
      const place = await judgeAfterwards(home, backup, current, (why) => failures.push(`${what}: ${why}`));
      if (place) ends[place] += 1;
      await rm(home, { recursive: true });
      if ((kill + 1) % 20 === 0) log(`${kill + 1} kills, ${JSON.stringify(ends)}`);
    }
    return judge(
      `${backups.map(({ what }) => what).join(', ')} restored over a database with a WAL, without one, and none; the restore was killed and the service started`,
      size.kills,
      `${ends.restored} × restored, ${ends.former} × as before, ${ends['not begun']} × nothing there before or after, ${ends.refused} × nothing there before and a start that says so; ${failures.length} accounts lost or empty databases`,
      failures,
    );
  },
};

async function makeBackups(folder: string, onEnd: (work: () => unknown) => void): Promise<Kept[]> {
  const killed = await makeData(folder, 'elsewhere', 'SIGKILL');
  const copy = join(folder, 'copy.db');
  const home = join(folder, 'backed-up');
  await mkdir(home);
  const daemon = await startDaemon({ home });
  const emails = await register(daemon.url, 'backup', 3);
  const { exitCode, stderr } = await runAuthsvc(['backup', copy], {
    home,
    env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
  });
  await daemon.stop();
  if (exitCode !== 0) throw new Error(`the backup failed: ${stderr}`);

  const medium = join(folder, 'medium');
  await mkdir(medium);
  const disk = mountSmallDisk(medium, DISK_BYTES);
  onEnd(disk.unmount);
  await cp(copy, join(medium, 'copy.db'));
  for (const suffix of ['', '-wal']) await cp(killed.file + suffix, join(medium, `killed.db${suffix}`));
  disk.makeReadOnly();
  return [
    { what: 'a backup', folder, file: copy, emails },
    { what: 'a file with a WAL', folder: killed.folder, file: killed.file, emails: killed.emails },
    { what: 'a backup on a read-only disk', folder: medium, file: join(medium, 'copy.db'), emails },
    {
      what: 'a file with a WAL on a read-only disk',
      folder: medium,
      file: join(medium, 'killed.db'),
      emails: killed.emails,
    },
  ];
}

/** A data folder as a daemon that a signal ended has left it. */
async function makeData(folder: string, name: string, signal: NodeJS.Signals): Promise<Kept> {
  const home = join(folder, name);
  await mkdir(home);
  const daemon = await startDaemon({ home });
  const emails = await register(daemon.url, name, 4);
  await daemon.stop(signal);
  await rm(join(daemon.dataFolder, 'control.sock'), { force: true });
  const what = signal === 'SIGKILL' ? 'a database with a WAL' : 'a database without a WAL';
  return { what, folder: daemon.dataFolder, file: join(daemon.dataFolder, 'authsvc.db'), emails };
}

async function register(url: string, name: string, count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, (_, index) => `${name}${index}@example.com`);
  for (const email of emails) {
    const { status } = await send(url, 'POST /users', { json: { email, password: 'correct horse battery' } });
    if (status !== 200) throw new Error(`a registration was answered ${status}`);
  }
  return emails;
}

/** How long a restore works that is not interrupted, in milliseconds. */
async function timeRestore(folder: string, backup?: Kept, current?: Kept): Promise<number> {
  const home = join(folder, 'timed');
  await mkdir(home);
  await cp(current?.folder ?? '', join(home, 'data'), { recursive: true });
  const { beganMs = 0 } = await restoreAndKill(home, backup?.file ?? '', Number.POSITIVE_INFINITY);
  return beganMs;
}

/** @returns how long it worked before it ended; undefined when it ended before it began. */
async function restoreAndKill(home: string, file: string, withinMs: number): Promise<{ beganMs: number | undefined }> {
  const data = join(home, 'data');
  const child = spawn(process.execPath, [authsvcFile, 'restore', file, '--yes'], {
    env: cleanEnvironment(home, { AUTHSVC_DATA_DIR: data }),
    stdio: 'ignore',
  });
  let hasEnded = false;
  const ended = once(child, 'close').then(() => {
    hasEnded = true;
  });
  const hasBegun = async () =>
    (await readdir(data).catch((): string[] => [])).some((name) => name.includes('.restoring'));
  while (!hasEnded && !(await hasBegun())) await setTimeout(POLL_MS);
  if (hasEnded) return { beganMs: undefined };
  const began = performance.now();
  const after = Number.isFinite(withinMs) ? setTimeout(Math.random() * withinMs) : ended;
  await Promise.race([after, ended]);
  child.kill('SIGKILL');
  await ended;
  return { beganMs: performance.now() - began };
}

/**
 * Starts a daemon on what a killed restore has left, and checks that it has one of the two
 * databases, complete.
 */
async function judgeAfterwards(
  home: string,
  backup: Kept,
  current: Kept,
  fail: (why: string) => void,
): Promise<Place | undefined> {
  const data = join(home, 'data');
  const file = join(data, 'authsvc.db');
  const before = await readdir(data).catch((): string[] => []);
  const wasThere = before.includes('authsvc.db');
  const daemon = await startDaemon({ home }).catch((error: Error) => error);
  if (daemon instanceof Error) {
    const isExplained = /there is no database .* left by an interrupted restore/.test(daemon.message);
    if (current.file === '' && !wasThere && isExplained) return 'refused';
    fail(daemon.message);
    return undefined;
  }
  await daemon.stop();
  const emails = await emailsIn(file);
  const left = (await readdir(data)).filter((name) => name.includes('.restoring'));
  if (left.length > 0) fail(`${left.join()} is still there`);
  if (isSame(emails, backup.emails)) {
    for (const name of (await readdir(data)).filter((one) => /\.before-restore-[^-]+-[^-]+$/.test(one))) {
      const former = await emailsIn(join(data, name));
      if (!isSame(former, current.emails)) fail(`${name} holds ${former.join() || 'nothing'}`);
    }
    const isKept = (await readdir(data)).some((name) => name.includes('.before-restore'));
    if (current.file !== '' && !isKept) fail('what was there is not kept');
    return 'restored';
  }
  if (!isSame(emails, current.emails)) fail(`there is ${emails.join() || 'an empty database'}`);
  if (current.file !== '') return 'former';
  if (before.some((name) => name.includes('.restoring')))
    fail('an empty database was made beside an unfinished restore');
  return 'not begun';
}

async function emailsIn(file: string): Promise<string[]> {
  const rows = (await querySqlite(file, 'select email from users order by email')) as { email: string }[];
  return rows.map(({ email }) => email);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.join() === [...other].sort().join();
}
