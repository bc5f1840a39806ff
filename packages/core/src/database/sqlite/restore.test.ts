import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseRefusedError } from '../errors.ts';
import { checkBackup } from './backup.ts';
import { openSqliteDatabase } from './open.ts';
import { clearUnfinishedRestores, restoreSqlite } from './restore.ts';

let folder: string;
let backup: string;
let database: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authsvc-restore-'));
  await mkdir(join(folder, 'data'));
  backup = join(folder, 'backup.db');
  database = join(folder, 'data', 'authsvc.db');
});
afterEach(() => rm(folder, { recursive: true }));

const row = (name: string) => ({
  id: name,
  email: name,
  email_key: name,
  password_hash: 'x',
  created_at: 0,
  updated_at: 0,
});

/** A database as a daemon leaves it that was killed: `late` is in its WAL alone. */
async function makeKilled(path: string, ...names: string[]): Promise<void> {
  const work = join(folder, 'work');
  await mkdir(work);
  const live = await openSqliteDatabase(join(work, 'live.db'));
  await live.migrate();
  for (const name of names) await live.write('users').insert(row(name));
  await live.write.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  await live.write('users').insert(row('late'));
  for (const suffix of ['', '-wal']) cpSync(join(work, `live.db${suffix}`), path + suffix);
  await live.close();
  await rm(work, { recursive: true });
}

/** The same as one leaves it that was stopped. */
async function makeStopped(path: string, ...names: string[]): Promise<void> {
  const live = await openSqliteDatabase(path);
  await live.migrate();
  for (const name of names) await live.write('users').insert(row(name));
  await live.close();
}

/** What a daemon finds there. */
async function namesIn(path: string): Promise<string[]> {
  const opened = await openSqliteDatabase(path);
  try {
    return await opened.read('users').orderBy('email').pluck('email');
  } finally {
    await opened.close();
  }
}

describe('restoreSqlite', () => {
  it('puts a backup where there is no database, for its owner alone', async () => {
    await makeStopped(backup, 'ada');
    expect(await restoreSqlite(backup, database)).toEqual({ users: 1, former: undefined });
    expect(await readdir(join(folder, 'data'))).toEqual(['authsvc.db']);
    expect((await stat(database)).mode & 0o777).toBe(0o600);
    expect(await namesIn(database)).toEqual(['ada']);
  });

  it('takes over what is in the WAL of the file that it is given, and leaves both as they are', async () => {
    await makeKilled(backup, 'ada');
    const before = await Promise.all(['', '-wal'].map((suffix) => readFile(backup + suffix)));
    expect(await restoreSqlite(backup, database)).toMatchObject({ users: 2 });
    expect(await namesIn(database)).toEqual(['ada', 'late']);
    expect(await Promise.all(['', '-wal'].map((suffix) => readFile(backup + suffix)))).toEqual(before);
  });

  it('keeps what was there, with what its WAL holds, in one file', async () => {
    await makeStopped(backup, 'ada');
    await makeKilled(database, 'bob');
    const { former = '' } = await restoreSqlite(backup, database);
    expect(former).toMatch(/authsvc\.db\.before-restore-\d{8}T\d{6}Z-[0-9a-f]{4}$/);
    expect((await readdir(join(folder, 'data'))).map((name) => join(folder, 'data', name))).toEqual([database, former]);
    expect((await stat(former)).mode & 0o777).toBe(0o600);
    expect(await namesIn(former)).toEqual(['bob', 'late']);
    expect(await namesIn(database)).toEqual(['ada']);
  });

  it('overwrites no former database, and goes back to one', async () => {
    await makeStopped(backup, 'ada');
    await makeKilled(database, 'bob');
    const { former: first = '' } = await restoreSqlite(backup, database);
    const { former: second = '' } = await restoreSqlite(first, database);
    expect(await namesIn(database)).toEqual(['bob', 'late']);
    expect(await namesIn(first)).toEqual(['bob', 'late']);
    expect(await namesIn(second)).toEqual(['ada']);
  });

  it('replaces a database that is damaged, and keeps its bytes and its WAL', async () => {
    await makeStopped(backup, 'ada');
    await makeKilled(database, 'bob');
    const wal = await readFile(`${database}-wal`);
    const damaged = (await readFile(database)).fill(0x5a, 100);
    await writeFile(database, damaged);
    // The WAL must not hold the damaged pages, or SQLite would not find the damage.
    await writeFile(`${database}-wal`, wal.subarray(0, 32));
    const { former = '' } = await restoreSqlite(backup, database);
    expect(await namesIn(database)).toEqual(['ada']);
    expect((await readFile(former)).subarray(100, 4096)).toEqual(damaged.subarray(100, 4096));
  });

  it('replaces a file that is no database of ours, and keeps it to the byte', async () => {
    await makeStopped(backup, 'ada');
    await writeFile(database, 'a diary');
    await writeFile(`${database}-wal`, 'more of it');
    const { former = '' } = await restoreSqlite(backup, database);
    expect(await namesIn(database)).toEqual(['ada']);
    expect(await readFile(former, 'utf8')).toBe('a diary');
    expect(await readFile(`${former}-wal`, 'utf8')).toBe('more of it');
  });

  it('refuses while another program has the database open, and changes nothing', async () => {
    await makeStopped(backup, 'ada');
    const open = await openSqliteDatabase(database);
    await open.migrate();
    await open.write('users').insert(row('bob'));
    await expect(restoreSqlite(backup, database)).rejects.toEqual(
      new DatabaseRefusedError(`another program has the database ${database} open: end it, and restore again`),
    );
    await open.write('users').insert(row('eve'));
    await open.close();
    expect(await namesIn(database)).toEqual(['bob', 'eve']);
    expect(await readdir(join(folder, 'data'))).toEqual(['authsvc.db']);
  });

  it('replaces the file that a link leads to, and not the link', async () => {
    await makeStopped(backup, 'ada');
    const file = join(folder, 'elsewhere.db');
    await makeKilled(file, 'bob');
    await symlink(file, database);
    const { former = '' } = await restoreSqlite(backup, database);
    expect(await namesIn(file)).toEqual(['ada']);
    expect(await namesIn(former)).toEqual(['bob', 'late']);
    expect(await readdir(join(folder, 'data'))).toEqual(['authsvc.db']);
  });

  it('says what the system would not do', async () => {
    await makeStopped(backup, 'ada');
    const lost = join(folder, 'missing', 'authsvc.db');
    await expect(restoreSqlite(backup, lost)).rejects.toEqual(
      new DatabaseRefusedError(`the database ${lost} cannot be restored (ENOENT)`),
    );
  });

  it('touches nothing for a backup that is damaged', async () => {
    await makeStopped(backup, 'ada');
    await makeKilled(database, 'bob');
    await writeFile(backup, (await readFile(backup)).fill(0xff, 8192));
    await expect(restoreSqlite(backup, database)).rejects.toThrow(`the backup ${backup} is damaged`);
    expect((await readdir(join(folder, 'data'))).sort()).toEqual(['authsvc.db', 'authsvc.db-wal']);
    expect(await namesIn(database)).toEqual(['bob', 'late']);
  });

  it('clears what a restore that was cut short has left', async () => {
    await makeStopped(backup, 'ada');
    await mkdir(`${database}.restoring-Ab12Cd`);
    await writeFile(join(`${database}.restoring-Ab12Cd`, 'incoming.db'), 'half');
    await restoreSqlite(backup, database);
    expect(await readdir(join(folder, 'data'))).toEqual(['authsvc.db']);
    expect(await clearUnfinishedRestores(database)).toBe(false);
  });

  it('clears nothing that it did not make', async () => {
    await makeStopped(database, 'ada');
    await writeFile(`${database}.restoring.md`, 'how I did it');
    expect(await clearUnfinishedRestores(database)).toBe(false);
    expect(await readFile(`${database}.restoring.md`, 'utf8')).toBe('how I did it');
  });
});

describe('checkBackup', () => {
  it('counts what is in a WAL, and leaves a file without one alone in its folder', async () => {
    await makeKilled(backup, 'ada');
    expect(await checkBackup(backup)).toEqual({ users: 2, sessions: 0 });
    const stopped = join(folder, 'stopped', 'backup.db');
    await mkdir(join(folder, 'stopped'));
    await makeStopped(stopped, 'ada');
    expect(await checkBackup(stopped)).toEqual({ users: 1, sessions: 0 });
    expect(await readdir(join(folder, 'stopped'))).toEqual(['backup.db']);
  });
});

describe('openSqliteDatabase makes no empty database', () => {
  const refusal = () =>
    openSqliteDatabase(database).then(
      () => 'it was opened',
      (error: Error) => error.message,
    );

  it('beside the writes of one that is gone', async () => {
    await makeKilled(database, 'bob');
    rmSync(database);
    expect(await refusal()).toContain(`the database ${database} is gone, and ${database}-wal still holds its newest`);
    await writeFile(database, '');
    expect(await refusal()).toContain(`the database ${database} is gone, and ${database}-wal still holds its newest`);
    expect((await stat(`${database}-wal`)).size).toBeGreaterThan(0);
  });

  it.each(['before-restore', 'before-restore-20260131T120000Z-ab12', 'restoring', 'restoring-Ab12Cd'])(
    'beside %s',
    async (suffix) => {
      await writeFile(`${database}.${suffix}`, 'kept');
      expect(await refusal()).toContain(`there is no database ${database}, and authsvc.db.${suffix} beside it was`);
      expect(existsSync(database)).toBe(false);
    },
  );

  it('where a link leads nowhere', async () => {
    await symlink(join(folder, 'not-mounted.db'), database);
    expect(await refusal()).toBe(`the database ${database} is a link to a file that is not there`);
    expect(readdirSync(folder)).toEqual(['data']);
  });
});
