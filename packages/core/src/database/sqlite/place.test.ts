import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { noListeners } from '../../testing/index.ts';
import type { Database } from '../database.ts';
import { createKnexStore } from '../store.ts';
import { checkBackup } from './backup.ts';
import { openSqliteDatabase } from './open.ts';

const unavailable = { name: 'AuthError', code: 'database_unavailable', retryAfterSeconds: 1 };
const event = { at: 1, type: 'user_registered' };

describe('a database that is not where it was opened', () => {
  let folder: string;
  let path: string;
  let database: Database;
  let moves: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsvc-place-'));
    path = join(folder, 'authsvc.db');
    moves = [];
    database = await openSqliteDatabase(path, { onMoved: ({ message }) => moves.push(message) });
    await database.migrate();
    onTestFinished(async () => {
      await database.close();
      rmSync(folder, { recursive: true });
    });
  });

  const store = () => createKnexStore(database, noListeners);
  const write = () => store().write((transaction) => transaction.deleteUser('nobody'));
  const remove = async (...suffixes: string[]) => {
    for (const suffix of suffixes) await rm(path + suffix);
  };
  const moveAway = async () => {
    await mkdir(join(folder, 'away'));
    for (const name of await readdir(folder)) {
      if (name.startsWith('authsvc.db')) await rename(join(folder, name), join(folder, 'away', name));
    }
  };
  const linkToItself = async () => {
    await remove('');
    await symlink(path, path);
  };
  const replace = async () => {
    await database.backUp(join(folder, 'backup.db'));
    await rename(join(folder, 'backup.db'), path);
  };

  it.each([
    ['removed', () => remove('', '-wal', '-shm')],
    ['removed but for what lies beside it', () => remove('')],
    ['left without its WAL', () => remove('-wal')],
    ['moved away', moveAway],
    ['replaced by a backup', replace],
    ['replaced by a link to itself', linkToItself],
  ])('refuses the very next write when it was %s', async (_how, change) => {
    await write();
    await change();
    await expect(write()).rejects.toMatchObject(unavailable);
  });

  it('is not ready, and says so once', async () => {
    await moveAway();
    await expect(store().isReady()).rejects.toMatchObject(unavailable);
    await expect(write()).rejects.toMatchObject(unavailable);
    expect(moves).toEqual([`${path} was removed, moved or replaced while it was in use`]);
  });

  it('writes nothing to the file that was moved away', async () => {
    await moveAway();
    await expect(database.transaction((trx) => trx('events').insert(event))).rejects.toThrow('was removed');
    expect(await database.read('events')).toEqual([]);
  });

  it('acknowledges nothing that was written while it was removed', async () => {
    database.write.on('query', ({ sql }) => sql === 'COMMIT;' && renameSync(path, join(folder, 'elsewhere.db')));
    await expect(database.transaction((trx) => trx('events').insert(event))).rejects.toThrow('was removed');
  });

  it('makes no empty one in its place', async () => {
    await moveAway();
    const busy = Array.from({ length: 8 }, () => database.read('events').select());
    await Promise.allSettled([...busy, write()]);
    expect(await readdir(folder)).toEqual(['away']);
  });

  it('opens no connection to what has taken its place', async () => {
    await moveAway();
    await writeFile(path, '');
    const connections = await Promise.allSettled(
      Array.from({ length: 2 }, () => database.read.client.acquireConnection()),
    );
    expect(connections.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    for (const one of connections) {
      if (one.status === 'fulfilled') await database.read.client.releaseConnection(one.value);
    }
  });

  it('goes on when it is back', async () => {
    await moveAway();
    await expect(write()).rejects.toMatchObject(unavailable);
    for (const name of await readdir(join(folder, 'away')))
      await rename(join(folder, 'away', name), join(folder, name));
    await write();
  });

  it('can still be backed up', async () => {
    await database.transaction((trx) =>
      trx('users').insert({
        id: 'ada',
        email: 'ada@example.com',
        email_key: 'ada@example.com',
        password_hash: 'x',
        created_at: 0,
        updated_at: 0,
      }),
    );
    await remove('', '-wal', '-shm');
    await database.backUp(join(folder, 'saved.db'));
    expect(await checkBackup(join(folder, 'saved.db'))).toEqual({ users: 1, sessions: 0 });
  });
});
