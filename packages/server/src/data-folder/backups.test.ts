import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checkBackup, DatabaseRefusedError, register } from '@authsvc/core';
import {
  createFixedClock,
  createTestAuth,
  type FixedClock,
  localClient,
  openTestDatabase,
  type TestAuth,
} from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Backups, createBackups, findLastBackup } from './backups.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1, 3);
const sqlitePath = '/not/looked/at.db';

let auth: TestAuth;
let home: string;
let folder: string;
let recordPath: string;
let clock: FixedClock;
let backups: Backups;
let unrecorded: unknown[];

beforeEach(async () => {
  auth = await createTestAuth({}, openTestDatabase);
  home = await mkdtemp(join(tmpdir(), 'authsvc-backups-'));
  folder = join(home, 'nights');
  await mkdir(join(home, 'data'));
  recordPath = join(home, 'data', 'backups.json');
  clock = createFixedClock(START);
  unrecorded = [];
  backups = open();
});
afterEach(async () => {
  await auth.close();
  await rm(home, { recursive: true });
});

/** As a daemon that starts. */
const open = (
  path: string | undefined = sqlitePath,
  database: Parameters<typeof createBackups>[0]['database'] = auth.database,
) => createBackups({ database, sqlitePath: path, recordPath, clock, onUnrecorded: (error) => unrecorded.push(error) });

const night = async (keep: number, days = 1) => {
  const made = await backups.into(folder, keep);
  clock.advance(days * DAY_MS);
  return basename(made.path);
};
const names = async () => (await readdir(folder)).sort();
const nameOf = (day: string) => `authsvc-${day.replaceAll('-', '')}T030000Z.db`;

describe('backups into a folder', () => {
  it('keep the newest, by the order in which they were made, also after a restart', async () => {
    for (let count = 0; count < 3; count += 1) await night(3);
    backups = open();
    const { removed, notRemoved } = await backups.into(folder, 3);
    expect({ removed, notRemoved }).toEqual({ removed: [join(folder, nameOf('2026-01-01'))], notRemoved: [] });
    expect(await names()).toEqual(['2026-01-02', '2026-01-03', '2026-01-04'].map(nameOf));
  });

  it('keep one from a clock that was ahead for as long as any other', async () => {
    await night(3);
    clock.advance(365 * DAY_MS);
    const ahead = await night(3, -364);
    const after = [await night(3), await night(3)];
    expect(await names()).toEqual([...after, ahead].sort());
    after.push(await night(3));
    expect(await names()).toEqual(after);
  });

  it('keep the new one when the clock was set back, and remove the oldest', async () => {
    const before = [await night(2), await night(2, -400)];
    const back = await night(2);
    expect(await names()).toEqual([back, before[1]].sort());
  });

  it('take the next second where a name is taken', async () => {
    expect([await night(5, 0), await night(5, 0)]).toEqual([
      'authsvc-20260101T030000Z.db',
      'authsvc-20260101T030001Z.db',
    ]);
  });

  it('keep fewer once fewer are asked for', async () => {
    for (let count = 0; count < 4; count += 1) await night(4);
    const last = await night(1);
    expect(await names()).toEqual([last]);
  });
});

describe('what backups did not make', () => {
  it('is not removed, whatever its name is', async () => {
    await mkdir(folder);
    const copy = join(folder, nameOf('2020-01-01'));
    await auth.database.backUp(copy);
    await auth.database.backUp(join(folder, 'before-upgrade.db'));
    await writeFile(join(folder, nameOf('2020-01-02')), 'a diary');
    await mkdir(join(folder, nameOf('2020-01-03')));
    symlinkSync(copy, join(folder, nameOf('2020-01-04')));
    const foreign = await names();
    const last = [await night(1), await night(1)].at(-1);
    expect(await names()).toEqual([...foreign, last].sort());
  });

  it('is not removed from where a backup was', async () => {
    const [text, link, gone] = [await night(9), await night(9), await night(9)];
    const target = join(home, 'precious.db');
    await rename(join(folder, link), target);
    symlinkSync(target, join(folder, link));
    await writeFile(join(folder, text), 'a diary');
    await rm(join(folder, gone));
    const last = [await night(1), await night(1)].at(-1);
    expect(await names()).toEqual([link, text, last].sort());
    expect(lstatSync(target).isFile()).toBe(true);
  });

  it('is the backups of another daemon, which may write there at the same time', async () => {
    const other = await openTestDatabase();
    try {
      const theirRecord = join(home, 'theirs.json');
      const options = { database: other, sqlitePath, recordPath: theirRecord, clock, onUnrecorded: () => undefined };
      const others = createBackups(options);
      for (let count = 0; count < 4; count += 1) {
        await Promise.all([backups.into(folder, 2), others.into(folder, 2)]);
        clock.advance(DAY_MS);
      }
      expect((await names()).map((name) => name.slice(8, 16))).toEqual([
        '20260103',
        '20260103',
        '20260104',
        '20260104',
      ]);
    } finally {
      await other.close();
    }
  });

  it('is the backups of a data folder that this one was copied from', async () => {
    const theirs = await night(1);
    backups = open('/another/database.db');
    expect(findLastBackup(recordPath, '/another/database.db')).toBeUndefined();
    const [first, second] = [await night(1), await night(1)];
    expect(await names()).toEqual([theirs, second]);
    expect(first).not.toBe(second);
  });
});

describe('a backup that fails', () => {
  it('removes nothing, and leaves nothing behind', async () => {
    const before = [await night(1)];
    const failing = {
      backUp: async () => {
        throw new DatabaseRefusedError('the disk is full');
      },
    };
    backups = open(sqlitePath, failing);
    await expect(night(1)).rejects.toThrow('the disk is full');
    expect(await names()).toEqual(before);
    backups = open();
    expect(await names()).toEqual(before);
    const next = await night(1);
    expect(await names()).toEqual([next]);
  });

  it('is cleared up by the next, if its process was killed', async () => {
    const killed = { backUp: (path: string) => writeFile(`${path}.0123abcd.partial`, 'half').then(() => never) };
    const never = new Promise<never>(() => undefined);
    open(sqlitePath, killed)
      .into(folder, 2)
      .catch(() => undefined);
    await expect.poll(() => readdir(folder).catch(() => [])).toEqual([`${nameOf('2026-01-01')}.0123abcd.partial`]);
    await writeFile(join(folder, 'mine.0123abcd.partial'), 'not ours');
    clock.advance(DAY_MS);
    backups = open();
    const next = await night(2);
    expect(await names()).toEqual([next, 'mine.0123abcd.partial']);
  });

  it('is the second of two at once', async () => {
    const outcomes = await Promise.allSettled([backups.into(folder, 1), backups.into(folder, 1)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({
      reason: { message: expect.stringContaining('another backup is being written') },
    });
    expect(await names()).toHaveLength(1);
  });

  it('says which folder cannot be used, and why', async () => {
    const unusable = (path: string, reason: string) =>
      expect(backups.into(path, 1)).rejects.toThrow(`the backup folder ${path} cannot be used ${reason}`);
    await unusable(join(home, 'not', 'mounted'), `(ENOENT): there is no folder ${join(home, 'not')}`);
    await writeFile(join(home, 'file'), '');
    await unusable(join(home, 'file'), '(ENOTDIR)');
    symlinkSync('nowhere', join(home, 'link'));
    await unusable(join(home, 'link'), '(ENOENT)');
  });

  it('makes no folder for a database with backup tools of its own', async () => {
    const refused = new DatabaseRefusedError('use pg_dump');
    const database = { backUp: () => Promise.reject(refused) };
    const postgres = createBackups({
      database,
      sqlitePath: undefined,
      recordPath,
      clock,
      onUnrecorded: () => undefined,
    });
    await expect(postgres.into(folder, 1)).rejects.toBe(refused);
    expect(await readdir(home)).toEqual(['data']);
  });
});

describe('what a data folder knows of its backups', () => {
  it('is the last one, of either kind, in a file for its owner alone', async () => {
    expect(findLastBackup(recordPath, sqlitePath)).toBeUndefined();
    const path = join(home, 'by-hand.db');
    await backups.to(path);
    expect(findLastBackup(recordPath, sqlitePath)).toEqual({ path, at: '2026-01-01T03:00:00.000Z' });
    clock.advance(DAY_MS);
    const made = await night(1);
    expect(findLastBackup(recordPath, sqlitePath)).toEqual({
      path: join(folder, made),
      at: '2026-01-02T03:00:00.000Z',
    });
    expect((await stat(recordPath)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home, 'data'))).toEqual(['backups.json']);
  });

  it('starts again where the file is damaged, and then removes nothing that it does not know', async () => {
    const first = await night(1);
    await writeFile(recordPath, readFileSync(recordPath, 'utf8').slice(0, 20));
    expect(findLastBackup(recordPath, sqlitePath)).toBeUndefined();
    backups = open();
    const second = await night(1);
    expect(await names()).toEqual([first, second]);
  });

  it('is remembered by the daemon while it cannot be written', async () => {
    await night(1);
    const noted = await readFile(recordPath, 'utf8');
    await mkdir(`${recordPath}.tmp`);
    const second = await night(1);
    expect(unrecorded.length).toBeGreaterThan(0);
    expect(await readFile(recordPath, 'utf8')).toBe(noted);
    expect(await names()).toEqual([second]);
    await rm(`${recordPath}.tmp`, { recursive: true });
    const third = await night(1);
    expect(await names()).toEqual([third]);
    expect(findLastBackup(recordPath, sqlitePath)?.path).toBe(join(folder, third));
  });

  it('holds whole backups, of the accounts of that night', async () => {
    const registering = { email: 'ada@example.com', password: 'secure_password', client: localClient };
    const before = await night(2);
    await register(auth, registering);
    const after = await night(2);
    const users = async (name: string) => (await checkBackup(join(folder, name))).users;
    expect([await users(before), await users(after)]).toEqual([0, 1]);
  });
});
