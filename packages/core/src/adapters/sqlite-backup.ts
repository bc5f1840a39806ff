import { chmod, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import type { Knex } from 'knex';
import { DatabaseRefusedError } from './database-refused-error.ts';
import { migrationNames } from './migrations/index.ts';
import { openReadOnly } from './sqlite-client.ts';
import { inspectSqliteFile } from './sqlite-file.ts';

/**
 * Writes a consistent copy of a database that is in use: all that was committed when it began. The file appears whole or not at all, with mode 0600.
 *
 * @throws {@link DatabaseRefusedError} there is something at the path already, or it cannot be written to.
 */
export async function backUpSqlite(knex: Knex, path: string): Promise<{ bytes: number }> {
  if (await exists(path)) throw new DatabaseRefusedError(`${path} is there already, and is not overwritten`);
  const partial = `${path}.partial`;
  try {
    await rm(partial, { force: true });
    await knex.raw('VACUUM INTO ?', [partial]);
    await chmod(partial, 0o600);
    const { size } = await syncFile(partial);
    await rename(partial, path);
    return { bytes: size };
  } catch (error) {
    await rm(partial, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DatabaseRefusedError(`the backup ${path} cannot be written (${code ?? message})`, { cause: error });
  }
}

/** What a backup holds. */
export interface BackupContents {
  readonly users: number;
  readonly sessions: number;
}

/**
 * Looks whether a file is a sound backup: ours, by no newer version, and whole to SQLite's own check. It is only read.
 *
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 */
export async function checkBackup(path: string): Promise<BackupContents> {
  if (inspectSqliteFile(path) === 'empty') throw new DatabaseRefusedError(`there is no backup at ${path}`);
  const knex = openReadOnly(path);
  try {
    const [check]: { integrity_check: string }[] = await knex.raw('PRAGMA integrity_check');
    if (check?.integrity_check !== 'ok') throw new DatabaseRefusedError(`the backup ${path} is damaged`);
    const applied: string[] = await knex('migrations').pluck('name');
    const unknown = applied.find((name) => !migrationNames.includes(name));
    if (unknown) {
      throw new DatabaseRefusedError(
        `the backup ${path} was made by a newer version of authsvc (migration ${unknown})`,
      );
    }
    return { users: await count(knex, 'users'), sessions: await count(knex, 'sessions') };
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    throw new DatabaseRefusedError(`the backup ${path} is damaged: ${(error as Error).message}`, { cause: error });
  } finally {
    await knex.destroy();
  }
}

/**
 * Puts a checked backup in the place of the database. Nobody may have the database open: hold the lock of its folder. What was there is kept beside it.
 *
 * @returns where the former database is, if there was one.
 */
export async function restoreSqlite(backup: string, database: string): Promise<string | undefined> {
  const incoming = `${database}.restoring`;
  await copyFile(backup, incoming);
  await chmod(incoming, 0o600);
  await syncFile(incoming);
  const former = (await exists(database)) ? `${database}.before-restore` : undefined;
  if (former !== undefined) {
    await rename(database, former);
    for (const suffix of ['-wal', '-shm']) {
      await rm(former + suffix, { force: true });
      // Belongs to the former database: beside the restored one it would be taken for its own.
      if (await exists(database + suffix)) await rename(database + suffix, former + suffix);
    }
  }
  await rename(incoming, database);
  return former;
}

async function count(knex: Knex, table: string): Promise<number> {
  const [row] = await knex(table).count<{ total: number }[]>({ total: '*' });
  return Number(row?.total);
}

async function syncFile(path: string): Promise<{ size: number }> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
