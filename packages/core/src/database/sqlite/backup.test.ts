import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../../accounts/register.ts';
import { logIn } from '../../sessions/log-in.ts';
import { createTestAuth, localClient, openTestDatabase, type TestAuth } from '../../testing/index.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { checkBackup } from './backup.ts';
import { openSqliteDatabase } from './open.ts';

const person = (name: string) => ({
  email: `${name}@example.com`,
  password: 'secure_password',
  client: localClient,
});

let auth: TestAuth;
let folder: string;
let backup: string;

beforeEach(async () => {
  auth = await createTestAuth({}, openTestDatabase);
  folder = await mkdtemp(join(tmpdir(), 'authsvc-backup-'));
  backup = join(folder, 'backup.db');
});
afterEach(async () => {
  await auth.close();
  await rm(folder, { recursive: true });
});

describe('backUp', () => {
  it('copies what is committed, without what is written meanwhile, and no transaction waits for it', async () => {
    await register(auth, person('ada'));
    await logIn(auth, person('ada'));
    await auth.store.write(async (transaction) => {
      await transaction.addEvent({
        type: 'user_registered',
        at: 1,
        userId: 'nobody',
        emailDigest: undefined,
        sessionId: undefined,
        address: undefined,
        userAgent: undefined,
        detail: undefined,
      });
      await auth.database.backUp(backup);
    });
    expect(await checkBackup(backup)).toEqual({ users: 1, sessions: 1 });
    const copy = await openSqliteDatabase(backup);
    expect(await copy.read('events').pluck('type')).toEqual(['user_registered', 'login_succeeded']);
    await copy.close();
  });

  it('is readable by its owner alone, also while it is made', async () => {
    const { bytes } = await auth.database.backUp(backup);
    const { size, mode } = await stat(backup);
    expect([bytes, mode & 0o777]).toEqual([size, 0o600]);
    expect(await readdir(folder)).toEqual(['backup.db']);
  });
});

describe('backUp to one path at once', () => {
  it('refuses a second one while the first is written', async () => {
    const outcomes = await Promise.allSettled([auth.database.backUp(backup), auth.database.backUp(backup)]);
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: { bytes: (await stat(backup)).size } },
      {
        status: 'rejected',
        reason: new DatabaseRefusedError('another backup is being written; try again when it is done'),
      },
    ]);
    await auth.database.backUp(join(folder, 'second.db'));
  });

  it('has one winner of two daemons, whose file is whole', async () => {
    const other = await openTestDatabase();
    try {
      await register(auth, person('ada'));
      const outcomes = await Promise.allSettled([auth.database.backUp(backup), other.backUp(backup)]);
      const winners = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(winners).toEqual([{ status: 'fulfilled', value: { bytes: (await stat(backup)).size } }]);
      await checkBackup(backup);
      expect(await readdir(folder)).toEqual(['backup.db']);
    } finally {
      await other.close();
    }
  });

  it('overwrites nothing that appears while it is written', async () => {
    auth.database.read.on('query-response', (_, { sql }) => sql.startsWith('VACUUM') && writeFileSync(backup, 'mine'));
    await expect(auth.database.backUp(backup)).rejects.toEqual(
      new DatabaseRefusedError(`${backup} is there already, and is not overwritten`),
    );
    expect(await readFile(backup, 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['backup.db']);
  });
});

describe('backUp to a path that cannot be', () => {
  it.each([
    ['ENAMETOOLONG', 'x'.repeat(300)],
    ['ENOTDIR', 'file/backup.db'],
  ])('says %s', async (code, name) => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, name);
    await expect(auth.database.backUp(path)).rejects.toEqual(
      new DatabaseRefusedError(`the backup ${path} cannot be written (${code})`),
    );
  });
});

describe('checkBackup', () => {
  const refused = (sentence: string) => expect(checkBackup(backup)).rejects.toEqual(new DatabaseRefusedError(sentence));

  it('refuses a file that is not there, or is empty', async () => {
    await refused(`there is no backup at ${backup}`);
    await writeFile(backup, '');
    await refused(`there is no backup at ${backup}`);
  });

  it('refuses what is no database of ours, and changes nothing of it', async () => {
    await writeFile(backup, 'not a database, but more than a hundred bytes of it '.repeat(9));
    const before = await readFile(backup);
    await expect(checkBackup(backup)).rejects.toThrow(DatabaseRefusedError);
    expect(await readFile(backup)).toEqual(before);
    expect(await readdir(folder)).toEqual(['backup.db']);
  });

  it.each([0.3, 0.6, 0.9])('refuses a backup that lost its end or was overwritten at %d', async (part) => {
    for (const name of Array.from({ length: 40 }, (_, index) => `user${index}`)) await register(auth, person(name));
    await auth.database.backUp(backup);
    const whole = await readFile(backup);
    const at = Math.floor(whole.length * part);
    await writeFile(backup, whole.subarray(0, at));
    await expect(checkBackup(backup)).rejects.toThrow(`the backup ${backup} is damaged`);
    const page = at - (at % 4096);
    await writeFile(
      backup,
      Buffer.concat([whole.subarray(0, page), Buffer.alloc(4096, 0xff), whole.subarray(page + 4096)]),
    );
    await expect(checkBackup(backup)).rejects.toThrow(`the backup ${backup} is damaged`);
  });

  it('refuses one by a newer version', async () => {
    await auth.database.backUp(backup);
    const database = await openSqliteDatabase(backup);
    await database.write('migrations').insert({ name: '9999-later', batch: 9, migration_time: 0 });
    await database.close();
    await refused(`the backup ${backup} was made by a newer version of authsvc (migration 9999-later)`);
  });
});
