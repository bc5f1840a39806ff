import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseRefusedError } from './database-refused-error.ts';

/** Marks a database file as ours; SQLite keeps it in the header. ASCII 'auth'. */
export const SQLITE_APPLICATION_ID = 0x61_75_74_68;

const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

/**
 * Looks at a database file before SQLite opens it, so that one that is not ours stays untouched, to the byte.
 *
 * @returns 'empty' for a missing file or one of no bytes, which is a new database.
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 * @see https://www.sqlite.org/fileformat.html#the_database_header
 */
export function inspectSqliteFile(path: string): 'empty' | 'ours' {
  const header = Buffer.alloc(HEADER_BYTES);
  let size: number;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new DatabaseRefusedError(`${path} is not a file, so it cannot be the database`);
    size = stats.size;
    const descriptor = openSync(path, 'r+');
    try {
      readSync(descriptor, header, 0, HEADER_BYTES, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'empty';
    throw new DatabaseRefusedError(`the database ${path} cannot be opened for writing (${code})`, { cause: error });
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
