import { chmodSync, existsSync } from 'node:fs';
import type { Knex } from 'knex';
import knexModule from 'knex';
import { DatabaseRefusedError } from './database-refused-error.ts';
import { migrationConfig, migrationNames } from './migrations/index.ts';
import { ImmediateSqliteClient } from './sqlite-client.ts';
import { inspectSqliteFile, SQLITE_APPLICATION_ID } from './sqlite-file.ts';

/** How long a statement waits for another process's lock, in milliseconds; in SQLite's own thread, never on the event loop. */
const BUSY_TIMEOUT_MS = 1500;
const ACQUIRE_TIMEOUT_MS = 1500;
const READ_CONNECTIONS = 4;

// FULL: an answer waits for the disk, so that what was acknowledged survives a loss of power.
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;';
// Before there is a WAL: from then on the mark would stay out of the file itself until a checkpoint, and a killed process's database would not be known as ours.
const NEW_FILE_PRAGMAS = `PRAGMA application_id = ${SQLITE_APPLICATION_ID}; ${PRAGMAS}`;

/** An open database: reads go to a pool, writes one at a time to a connection of their own. */
export interface Database {
  readonly read: Knex;
  readonly write: Knex;
  /** Applies what migrations are missing; all of them or none. */
  migrate(): Promise<void>;
  isMigrated(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens an SQLite database file, made with mode 0600 where there is none.
 *
 * @throws {@link DatabaseRefusedError} the file belongs to another program, is damaged, or cannot be written to.
 */
export async function openSqliteDatabase(path: string): Promise<Database> {
  const content = inspectSqliteFile(path);
  const write = createSqliteKnex(path, 1, content === 'empty' ? NEW_FILE_PRAGMAS : PRAGMAS);
  const read = createSqliteKnex(path, READ_CONNECTIONS, PRAGMAS);
  const close = async () => {
    await read.destroy();
    await write.destroy();
  };
  try {
    await write.raw('SELECT 1');
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch (error) {
    await close();
    throw new DatabaseRefusedError(`the database ${path} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { read, write, migrate: () => migrate(write, path), isMigrated: () => isMigrated(read), close };
}

function createSqliteKnex(path: string, connections: number, pragmas: string): Knex {
  return knexModule({
    client: ImmediateSqliteClient as typeof Knex.Client,
    connection: { filename: path },
    useNullAsDefault: true,
    // An error's message would otherwise quote the statement with its values, and so carry addresses and hashes into logs.
    compileSqlOnError: false,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    // Whatever Knex would print, it throws as well; standard output is not its to write to.
    log: { debug: ignore, warn: ignore, error: ignore, deprecate: ignore },
    pool: {
      min: 0,
      max: connections,
      afterCreate: (
        connection: SqliteConnection,
        done: (error: Error | null, connection: SqliteConnection) => void,
      ) => {
        connection.configure('busyTimeout', BUSY_TIMEOUT_MS);
        connection.exec(pragmas, (error) => done(error, connection));
      },
    },
  });
}

function ignore(): void {
  // Says nothing on purpose.
}

interface SqliteConnection {
  configure(option: 'busyTimeout', milliseconds: number): void;
  exec(sql: string, done: (error: Error | null) => void): void;
}

async function migrate(knex: Knex, path: string): Promise<void> {
  // In one transaction of our own: of two processes the second waits for the first and finds nothing to do, and of one that is killed nothing stays, Knex's lock
  // included.
  await knex.transaction(async (trx) => {
    const applied = await appliedMigrations(trx);
    const unknown = applied.find((name) => !migrationNames.includes(name));
    if (unknown) {
      throw new DatabaseRefusedError(
        `the database ${path} was made by a newer version of authsvc (migration ${unknown})`,
      );
    }
    await trx.migrate.latest(migrationConfig);
  });
}

async function isMigrated(knex: Knex): Promise<boolean> {
  const applied = await appliedMigrations(knex);
  return migrationNames.every((name) => applied.includes(name));
}

async function appliedMigrations(knex: Knex): Promise<string[]> {
  const { tableName = 'migrations' } = migrationConfig;
  if (!(await knex.schema.hasTable(tableName))) return [];
  return knex(tableName).pluck('name');
}
