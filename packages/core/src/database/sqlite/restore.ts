import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '../../system.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { readBackup } from './backup.ts';
import { openToRecover } from './client.ts';
import { publishFile, syncFile, syncFolderOf } from './durable-file.ts';
import { FORMER_SUFFIX, inspectSqliteFile, namesBeside, RESTORE_FOLDER_SUFFIX } from './file.ts';

/** Where SQLite keeps what is not yet in the file itself. */
const BESIDE = ['-wal', '-journal'];

export interface Restored {
  readonly users: number;
  /** Where the former database is, if there was one. */
  readonly former: string | undefined;
}

/**
 * Replaces the database with a backup, and keeps the former database beside it. The caller holds
 * the locks of the data folder and of the database: nothing else may have the database open.
 *
 * One rename replaces the database. If the process is killed before it, the former database stays
 * as it was, with a folder to clear; if after it, the restored one is in place.
 *
 * @throws {@link DatabaseRefusedError} the backup is not sound, or the database is in use; then
 * nothing has changed.
 */
export async function restoreSqlite(backup: string, database: string): Promise<Restored> {
  // If the path is a link, all of this happens beside the file that it leads to.
  const target = existsSync(database) ? realpathSync(database) : database;
  let workFolder: string | undefined;
  try {
    await clearUnfinishedRestores(target);
    workFolder = await mkdtemp(`${target}${RESTORE_FOLDER_SUFFIX}-`);
    const incoming = join(workFolder, 'incoming.db');
    const { users } = await readBackup(backup, workFolder, async (knex, contents) => {
      await knex.raw('VACUUM INTO ?', [incoming]);
      return contents;
    });
    await chmod(incoming, 0o600);
    await syncFile(incoming);
    const former = await keepFormer(target, workFolder);
    await rename(incoming, target);
    await syncFolderOf(target);
    return { users, former };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof DatabaseRefusedError) throw error;
    throw new DatabaseRefusedError(`the database ${database} cannot be restored (${code ?? message})`, {
      cause: error,
    });
  } finally {
    if (workFolder !== undefined) await rm(workFolder, { recursive: true, force: true });
  }
}

/**
 * Removes what an interrupted restore left beside a database that it had not replaced yet. Hold the
 * database's lock.
 *
 * @returns whether there was anything.
 */
export async function clearUnfinishedRestores(database: string): Promise<boolean> {
  const prefix = `${basename(database)}${RESTORE_FOLDER_SUFFIX}-`;
  const names = namesBeside(database).filter((name) => name.startsWith(prefix));
  for (const name of names) await rm(join(dirname(database), name), { recursive: true, force: true });
  return names.length > 0;
}

/**
 * Copies the former database to a name of its own. After that, the file at the database's path is
 * complete without the files beside it.
 */
async function keepFormer(target: string, workFolder: string): Promise<string | undefined> {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats && !stats.isFile()) throw new DatabaseRefusedError(`${target} is not a file, so it cannot be the database`);
  await takeInWal(target);
  const present = [...BESIDE, ''].filter((suffix) => lstatSync(target + suffix, { throwIfNoEntry: false }));
  if (present.length === 0) return undefined;
  const former = `${target}${FORMER_SUFFIX}-${timestamp()}`;
  for (const suffix of present) {
    const copy = join(workFolder, `former.db${suffix}`);
    await copyFile(target + suffix, copy);
    await chmod(copy, 0o600);
    await syncFile(copy);
    await publishFile(copy, former + suffix);
  }
  // Any that are left belong to a database that SQLite could not open. It would take them for the
  // restored one's.
  for (const suffix of [...BESIDE, '-shm']) await rm(target + suffix, { force: true });
  return former;
}

/**
 * Lets SQLite move what is only in the WAL into the database file. A database that is not ours, or
 * is damaged, is left as it is.
 */
async function takeInWal(target: string): Promise<void> {
  const isAlone = [...BESIDE, '-shm'].every((suffix) => !existsSync(target + suffix));
  if (isAlone || !isOurs(target)) return;
  const knex = openToRecover(target);
  try {
    // The first read rolls back a journal, and finds the WAL.
    await knex.raw('SELECT count(*) FROM sqlite_schema');
    await knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return;
    throw error;
  } finally {
    await knex.destroy();
  }
  // SQLite removes the WAL when the last connection is closed.
  if (existsSync(`${target}-wal`)) {
    throw new DatabaseRefusedError(`another program has the database ${target} open: end it, and restore again`);
  }
}

function isOurs(path: string): boolean {
  try {
    return inspectSqliteFile(path) === 'ours';
  } catch (error) {
    if (error instanceof DatabaseRefusedError) return false;
    throw error;
  }
}

/** A time as a file name holds it, and a few letters for two restores in one second. */
function timestamp(): string {
  const time = new Date(systemClock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
