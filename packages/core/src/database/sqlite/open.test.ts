import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import knex from 'knex';
import sqlite3 from 'sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseRefusedError } from '../errors.ts';
import { findPreparedRow } from '../knex.ts';
import { migrationNames } from '../migrate.ts';
import { openSqliteDatabase } from './open.ts';

const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));
const nodeArguments = (script: string, path: string) => ['--input-type=module', '-e', script, path];

describe('openSqliteDatabase', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-database-'));
    path = join(folder, 'authsvc.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Opens, migrates, does something and closes. */
  async function withDatabase<T>(work: (database: Awaited<ReturnType<typeof openSqliteDatabase>>) => Promise<T>) {
    const database = await openSqliteDatabase(path);
    try {
      await database.migrate();
      return await work(database);
    } finally {
      await database.close();
    }
  }

  const integrity = () => withDatabase(async ({ write }) => write.raw('PRAGMA integrity_check'));

  it.each(['missing', 'empty'])('makes a database of a file that is %s', async (state) => {
    if (state === 'empty') await writeFile(path, '');
    const database = await openSqliteDatabase(path);
    expect(await database.isMigrated()).toBe(false);
    await database.migrate();
    expect(await database.isMigrated()).toBe(true);
    expect(await database.read('users').select()).toEqual([]);
    await database.close();
  });

  it('keeps what was written, and migrates no further what is migrated', async () => {
    const event = { at: 1, type: 'user_registered' };
    await withDatabase(({ write }) => write('events').insert(event));
    await withDatabase(async ({ read, migrate }) => {
      await migrate();
      expect(await read('events').select('at', 'type')).toEqual([event]);
      expect(await read('migrations').pluck('name')).toEqual(migrationNames);
    });
  });

  it('answers only when it is on the disk, in a WAL, with foreign keys held, on every connection', async () => {
    await withDatabase(async ({ read, write }) => {
      const held = await Promise.all(Array.from({ length: 4 }, () => read.client.acquireConnection()));
      for (const connection of held) await read.client.releaseConnection(connection);
      for (const connections of [read, write]) {
        expect(await connections.raw('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
        expect(await connections.raw('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
        expect(await connections.raw('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
        expect(await connections.raw('PRAGMA busy_timeout')).toEqual([{ timeout: 1500 }]);
      }
    });
  });

  it('prepares a statement once a connection, reads with it what is there, keeps nothing open, and lets go of it at the end', async () => {
    const prepare = vi.spyOn(sqlite3.Database.prototype, 'prepare');
    await withDatabase(async ({ read, write }) => {
      const find = (type: string) => findPreparedRow(read, 'by_type', 'select at from events where type = ?', [type]);
      for (const at of [1, 2, 3]) {
        expect(await find(`event-${at}`)).toBeUndefined();
        await write('events').insert({ at, type: `event-${at}` });
        expect(await find(`event-${at}`)).toEqual({ at });
      }
      expect(prepare).toHaveBeenCalledTimes(1);
      const held = await Promise.all(Array.from({ length: 4 }, () => read.client.acquireConnection()));
      for (const connection of held) await read.client.releaseConnection(connection);
      await Promise.all(Array.from({ length: 20 }, () => find('event-1')));
      expect(prepare).toHaveBeenCalledTimes(4);
      expect(await write.raw('PRAGMA wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);

      await write.schema.alterTable('events', (table) => table.text('more'));
      expect(await find('event-2')).toEqual({ at: 2 });
      const lost = findPreparedRow(read, 'lost', 'select at from lost_rows where type = ?', ['any']);
      await expect(lost).rejects.toThrow('no such table: lost_rows');
      await write.schema.createTable('lost_rows', (table) => table.text('at'));
      await expect(findPreparedRow(read, 'lost', 'select at from lost_rows', [])).resolves.toBeUndefined();
    });
    prepare.mockRestore();
    // SQLite removes the WAL only when the last connection is closed.
    expect(await readdir(folder)).toEqual(['authsvc.sqlite']);
  });

  it('takes what a write has waited for its turn from what it waits for the lock', async () => {
    await withDatabase(async ({ transaction }) => {
      await transaction(async (trx) => trx.raw('select 1'));
      const configure = vi.spyOn(sqlite3.Database.prototype, 'configure');
      const now = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(1000);
      await transaction(async (trx) => trx.raw('select 1'));
      now.mockReturnValueOnce(0).mockReturnValueOnce(2000);
      await transaction(async (trx) => trx.raw('select 1'));
      now.mockRestore();
      const given = configure.mock.calls.map(([option, value]) => [option, value]);
      configure.mockRestore();
      expect(given).toEqual([500, 1500, 0, 1500].map((milliseconds) => ['busyTimeout', milliseconds]));
    });
  });

  it('lets its owner alone read the file and all that lies beside it', async () => {
    await writeFile(path, '');
    await chmod(path, 0o666);
    await withDatabase(async ({ write }) => {
      await write('events').insert({ at: 1, type: 'user_registered' });
      const names = (await readdir(folder)).sort();
      expect(names).toEqual(['authsvc.sqlite', 'authsvc.sqlite-shm', 'authsvc.sqlite-wal']);
      const modes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mode & 0o777));
      expect(modes).toEqual([0o600, 0o600, 0o600]);
    });
  });

  it('leaves a database of another program untouched, to the byte', async () => {
    const other = knex({ client: 'sqlite3', connection: { filename: path }, useNullAsDefault: true });
    await other.schema.createTable('users', (table) => table.text('name'));
    await other('users').insert({ name: 'lovelace' });
    await other.destroy();
    const before = await readFile(path);

    await expect(openSqliteDatabase(path)).rejects.toEqual(
      new DatabaseRefusedError(`${path} is a database of another program; it was left as it is`),
    );
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['authsvc.sqlite']);
  });

  it('refuses one of its own that is damaged, and leaves it as it is', async () => {
    await withDatabase(async () => undefined);
    const damaged = await readFile(path);
    damaged.fill(0x5a, 100, 4096);
    await writeFile(path, damaged);

    await expect(openSqliteDatabase(path)).rejects.toThrow(
      `the database ${path} cannot be opened: SQLITE_CORRUPT: database disk image is malformed`,
    );
    expect(await readFile(path)).toEqual(damaged);
  });

  it('refuses a folder in the way, and a folder that is not there', async () => {
    await expect(openSqliteDatabase(folder)).rejects.toEqual(
      new DatabaseRefusedError(`${folder} is not a file, so it cannot be the database`),
    );
    const lost = join(folder, 'missing', 'authsvc.sqlite');
    await expect(openSqliteDatabase(lost)).rejects.toThrow(
      `the database ${lost} cannot be opened: SQLITE_CANTOPEN: unable to open database file`,
    );
  });

  it('refuses what a newer version made, and changes nothing in it', async () => {
    await withDatabase(({ write }) => write('migrations').insert({ name: '9999-later', batch: 2 }));
    const database = await openSqliteDatabase(path);
    await expect(database.migrate()).rejects.toEqual(
      new DatabaseRefusedError(`the database ${path} was made by a newer version of authsvc (migration 9999-later)`),
    );
    expect(await database.read('migrations').pluck('name')).toEqual([...migrationNames, '9999-later']);
    await database.close();
  });

  it('lets many migrate at once: one does, and the others find it done', async () => {
    const script = `
      import { openSqliteDatabase } from '@authsvc/core';
      const database = await openSqliteDatabase(process.argv[1]);
      await database.migrate();
      console.log(await database.isMigrated());
      await database.close();
    `;
    const run = () => promisify(execFile)(process.execPath, nodeArguments(script, path), { cwd: packageFolder });
    const outcomes = await Promise.all([run(), run(), run()]);
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ stdout: 'true\n', stderr: '' })));
    expect(await withDatabase(({ read }) => read('migrations').pluck('name'))).toEqual(migrationNames);
  });

  it.each([
    ['between opening and migrating', ''],
    ['while it migrates', 'create table `sessions`'],
    ['with its migrations recorded and not committed', 'update `migrations_lock` set `is_locked` = ?'],
    ['after the first write', 'insert into `events`'],
  ])('opens, whole, the database of a process that was killed %s', async (_when, lastStatement) => {
    const script = `
      import { openSqliteDatabase } from '@authsvc/core';
      const database = await openSqliteDatabase(process.argv[1]);
      const die = () => process.kill(process.pid, 'SIGKILL');
      const lastStatement = ${JSON.stringify(lastStatement)};
      if (lastStatement === '') die();
      database.write.on('query', ({ sql }) => sql.startsWith(lastStatement) && !sql.includes('where') && die());
      await database.migrate();
      await database.write('events').insert({ at: 1, type: 'user_registered' });
      await database.write('events').insert({ at: 2, type: 'user_registered' });
    `;
    const killed = spawn(process.execPath, nodeArguments(script, path), { cwd: packageFolder, stdio: 'ignore' });
    expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL']);

    expect(await integrity()).toEqual([{ integrity_check: 'ok' }]);
    expect(await withDatabase(({ read }) => read('migrations').pluck('name'))).toEqual(migrationNames);
  });
});
