import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseRefusedError } from '../errors.ts';
import { readSchemaAge, type SchemaAge } from '../migrate.ts';
import { openReadOnly } from './client.ts';

/** Marks a database file as ours; SQLite keeps it in the header. ASCII 'auth'. */
export const SQLITE_APPLICATION_ID = 0x61_75_74_68;

const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

/**
 * Inspect a database file before SQLite opens it, so that one that is not ours is not changed.
 *
 * @param mode `r` for a file that is only read, as on a disk that is mounted read-only.
 * @returns 'empty' for a missing or empty file, which is a new database.
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 * @see https://www.sqlite.org/fileformat.html#the_database_header
 */
export function inspectSqliteFile(path: string, mode: 'r' | 'r+' = 'r+'): 'empty' | 'ours' {
  const header = Buffer.alloc(HEADER_BYTES);
  let size: number;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new DatabaseRefusedError(`${path} is not a file, so it cannot be the database`);
    size = stats.size;
    const descriptor = openSync(path, mode);
    try {
      readSync(descriptor, header, 0, HEADER_BYTES, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'empty';
    const purpose = mode === 'r' ? '' : ' for writing';
    throw new DatabaseRefusedError(`the database ${path} cannot be opened${purpose} (${code})`, { cause: error });
  }
  if (size === 0) return 'empty';
  if (!header.toString('latin1').startsWith('SQLite format 3\0')) {
    throw new DatabaseRefusedError(`${path} is not an SQLite database, or is damaged; it was left as it is`);
  }
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== SQLITE_APPLICATION_ID) {
    throw new DatabaseRefusedError(`${path} is a database of another program; it was left as it is`);
  }
  return 'ours';
}

/** What a restore puts beside a database: the folder that it works in, and the former database. */
export const RESTORE_FOLDER_SUFFIX = '.restoring';
export const FORMER_SUFFIX = '.before-restore';

/**
 * Refuse a missing or empty database if the files beside it show that there was one: an empty one
 * must not take its place.
 *
 * @throws {@link DatabaseRefusedError} one sentence that names what is there and what to do.
 */
export function refuseLostDatabase(path: string): void {
  const link = lstatSync(path, { throwIfNoEntry: false });
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (link && !isThere) throw new DatabaseRefusedError(`the database ${path} is a link to a file that is not there`);
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new DatabaseRefusedError(
      `the database ${path} is gone, and ${path}-wal still holds its newest writes: put the file back, or restore a backup`,
    );
  }
  if (isThere) return;
  const names = namesBeside(path);
  const former = names.find((name) => name.startsWith(basename(path) + FORMER_SUFFIX));
  if (former !== undefined) {
    throw new DatabaseRefusedError(
      `there is no database ${path}, and ${former} beside it was kept by a restore: restore it or a backup, or move it away`,
    );
  }
  const unfinished = names.find((name) => name.startsWith(basename(path) + RESTORE_FOLDER_SUFFIX));
  if (unfinished !== undefined) {
    throw new DatabaseRefusedError(
      `there is no database ${path}, and ${unfinished} beside it was left by an interrupted restore: restore again, or remove it`,
    );
  }
}

/**
 * Refuse a file with a second name. Opened by that, SQLite would not find the WAL beside the first.
 *
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 */
export function refuseSecondName(path: string): void {
  const links = statSync(path, { throwIfNoEntry: false })?.nlink ?? 1;
  if (links <= 1) return;
  throw new DatabaseRefusedError(
    `the database ${path} has a second name (a hard link), by which it could be opened twice: remove that name`,
  );
}

/** The names in the folder of a file. */
export function namesBeside(path: string): string[] {
  try {
    return readdirSync(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The database's path leads to another file than the one that is open, or to none. */
export class DatabaseMovedError extends Error {
  override readonly name = 'DatabaseMovedError';
  /** SQLite's own code, which it reports only without a WAL. */
  readonly code = 'SQLITE_READONLY_DBMOVED';
}

/**
 * Remember the files of an open database, which the next start will open, to detect when one was
 * removed, moved or replaced. Never opens them: closing one would drop SQLite's own locks.
 *
 * @param path free of symbolic links, since the WAL lies beside the file itself.
 * @param onMoved called once, at the first check that fails.
 */
export function rememberPlace(path: string, onMoved: (error: DatabaseMovedError) => void) {
  const files = [path, `${path}-wal`].map((name) => ({ name, id: identify(name) }));
  let isKnown = false;
  return {
    /** @throws {@link DatabaseMovedError} what is written now would be lost with the open file. */
    check: () => {
      const moved = files.find(({ name, id }) => id !== undefined && identify(name) !== id);
      if (!moved) return;
      const error = new DatabaseMovedError(`${moved.name} was removed, moved or replaced while it was in use`);
      if (!isKnown) onMoved(error);
      isKnown = true;
      throw error;
    },
  };
}

/** Undefined where no file can be found, or on a file system that does not number its files. */
function identify(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // A parent folder is gone or closed: the next start would not find the file either.
    return undefined;
  }
  return stats && stats.ino !== 0n ? `${stats.dev}:${stats.ino}` : undefined;
}

/** The state of a database file that is only read. */
export interface SqliteHealth {
  /** In SQLite's words; none when the file is whole. */
  readonly damage: readonly string[];
  readonly schema: SchemaAge;
}

const MOST_COMPLAINTS = 5;

/**
 * Check the integrity of a whole database file, while a daemon may use it. The file is not changed;
 * like every reader, this one makes the `-wal` and `-shm` files beside it.
 *
 * @returns `undefined` when there is none yet.
 * @throws {@link DatabaseRefusedError} the file is another program's, or cannot be read.
 */
export async function checkSqliteFile(path: string): Promise<SqliteHealth | undefined> {
  if (inspectSqliteFile(path) === 'empty') {
    refuseLostDatabase(path);
    return undefined;
  }
  refuseSecondName(path);
  const knex = openReadOnly(path);
  try {
    const checked: { integrity_check: string }[] = await knex.raw(`PRAGMA integrity_check(${MOST_COMPLAINTS})`);
    const damage = checked.map(({ integrity_check: text }) => text).filter((text) => text !== 'ok');
    const orphans: unknown[] = await knex.raw('PRAGMA foreign_key_check');
    if (orphans.length > 0) damage.push(`${orphans.length} rows belong to no account`);
    return { damage, schema: await readSchemaAge(knex) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return { damage: [message], schema: 'current' };
    throw new DatabaseRefusedError(`the database ${path} cannot be read: ${message}`, { cause: error });
  } finally {
    await knex.destroy();
  }
}

/**
 * Whether a database holds any account; a missing one holds none. It is only read.
 *
 * @throws {@link DatabaseRefusedError} the file is another program's, or lost; SQLite's own error
 * if it cannot be read.
 */
export async function hasAccounts(path: string): Promise<boolean> {
  if (inspectSqliteFile(path) === 'empty') {
    refuseLostDatabase(path);
    return false;
  }
  const knex = openReadOnly(path);
  try {
    return (await knex('users').first('id')) !== undefined;
  } finally {
    await knex.destroy();
  }
}
