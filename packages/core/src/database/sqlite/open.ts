import { chmodSync, closeSync, existsSync, openSync, realpathSync } from 'node:fs';
import type { Knex } from 'knex';
import type { Database as Connection } from 'sqlite3';
import type { Database } from '../database.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { isMigrated, migrateIn } from '../migrate.ts';
import { backUpSqlite } from './backup.ts';
import { BUSY_TIMEOUT_MS, createSqliteKnex, ImmediateSqliteClient } from './client.ts';
import { inspectSqliteFile, refuseLostDatabase, rememberPlace, SQLITE_APPLICATION_ID } from './file.ts';

const ACQUIRE_TIMEOUT_MS = 1500;
const READ_CONNECTIONS = 4;

// FULL: an answer waits for the disk, so that what was acknowledged survives a loss of power.
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;';
// The id is set before there is a WAL: otherwise it would stay in the WAL until a checkpoint, and
// the database of a killed process would not be recognized.
const NEW_FILE_PRAGMAS = `PRAGMA application_id = ${SQLITE_APPLICATION_ID}; ${PRAGMAS}`;

export interface SqliteOptions {
  /**
   * Called once, when it turns out that the file was removed, moved or replaced; from then on every
   * write is refused.
   */
  readonly onMoved?: (error: Error) => void;
}

/**
 * Open an SQLite database file. It is made with mode 0600 if there is none and none was lost.
 *
 * @throws {@link DatabaseRefusedError} the file is another program's, damaged, or not writable.
 */
export async function openSqliteDatabase(
  path: string,
  { onMoved = () => undefined }: SqliteOptions = {},
): Promise<Database> {
  const content = inspectSqliteFile(path);
  if (content === 'empty') {
    refuseLostDatabase(path);
    makeFile(path);
  }
  let place: ReturnType<typeof rememberPlace> | undefined;
  // A connection that is made later opens whichever file is at the path by then.
  const checkPlace = () => place?.check();
  const write = openPool(path, 1, content === 'empty' ? NEW_FILE_PRAGMAS : PRAGMAS, checkPlace);
  const read = openPool(path, READ_CONNECTIONS, PRAGMAS, checkPlace);
  const close = async () => {
    await read.destroy();
    await write.destroy();
  };
  try {
    // The first read of a connection opens the WAL, which stays until the last one is closed.
    for (const connections of [write, read]) await connections.raw('SELECT count(*) FROM sqlite_schema');
    place = rememberPlace(realpathSync(path), onMoved);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch (error) {
    await close();
    throw new DatabaseRefusedError(`the database ${path} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return {
    read,
    write,
    transaction: async (work) => {
      const result = await write.transaction(async (trx) => {
        const worked = await work(trx);
        checkPlace();
        return worked;
      });
      // Acknowledge nothing that went to a file which was removed during the commit.
      checkPlace();
      return result;
    },
    migrate: () => write.transaction((trx) => migrateIn(trx, path)),
    isMigrated: async () => {
      checkPlace();
      return await isMigrated(read);
    },
    // A file has no grants.
    assertGranted: async () => undefined,
    backUp: oneAtATime((file: string) => backUpSqlite(read, file)),
    close,
  };
}

function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite says why it cannot be opened.
  }
}

/** Concurrent backups of a large database would slow each other down. */
function oneAtATime<Result>(backUp: (file: string) => Promise<Result>): (file: string) => Promise<Result> {
  let isUnderWay = false;
  return async (file) => {
    if (isUnderWay) throw new DatabaseRefusedError('another backup is being written; try again when it is done');
    isUnderWay = true;
    try {
      return await backUp(file);
    } finally {
      isUnderWay = false;
    }
  };
}

function openPool(path: string, connections: number, pragmas: string, checkPlace: () => void): Knex {
  return createSqliteKnex(ImmediateSqliteClient, path, {
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    pool: {
      // Keep one open: closing the last one removes the WAL, and a new one opens whichever file is
      // at the path by then.
      min: 1,
      max: connections,
      afterCreate: (connection: Connection, done: (error: Error | null, connection: Connection) => void) => {
        try {
          checkPlace();
        } catch (error) {
          return done(error as Error, connection);
        }
        connection.configure('busyTimeout', BUSY_TIMEOUT_MS);
        connection.exec(pragmas, (error) => done(error, connection));
      },
    },
  });
}
