import { chmodSync, existsSync } from 'node:fs';
import type { Knex } from 'knex';
import knexModule from 'knex';
import { migrationConfig, migrationNames } from './migrations/index.ts';
import { ImmediateSqliteClient } from './sqlite-client.ts';
import { inspectSqliteFile, SQLITE_APPLICATION_ID } from './sqlite-file.ts';

/** How long a statement waits for another process's lock, in milliseconds; in SQLite's own thread, never on the event loop. */
const BUSY_TIMEOUT_MS = 1_500;
const ACQUIRE_TIMEOUT_MS = 1_500;
const READ_CONNECTIONS = 4;

/** A database that must not be opened; the message is one sentence that names it. */
export class DatabaseRefusedError extends Error {
  override readonly name = 'DatabaseRefusedError';
}

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
  inspectSqliteFile(path);
  const write = createSqliteKnex(path, 1);
  const read = createSqliteKnex(path, READ_CONNECTIONS);
  const close = async () => {
    await read.destroy();
    await write.destroy();
  };
  try {
    await write.raw(`PRAGMA application_id = ${SQLITE_APPLICATION_ID}`);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch (error) {
    await close();
    throw new DatabaseRefusedError(`the database ${path} cannot be opened: ${(error as Error).message}`, { cause: error });
  }
  return { read, write, migrate: () => migrate(write, path), isMigrated: () => isMigrated(read), close };
}

function createSqliteKnex(path: string, connections: number): Knex {
  return knexModule({
    client: ImmediateSqliteClient as typeof Knex.Client,
    connection: { filename: path },
    useNullAsDefault: true,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    pool: {
      min: 0,
      max: connections,
      afterCreate: (connection: SqliteConnection, done: (error: Error | null, connection: SqliteConnection) => void) => {
        connection.configure('busyTimeout', BUSY_TIMEOUT_MS);
        // FULL: an answer waits for the disk, so that what was acknowledged survives a loss of power.
        const pragmas = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;';
        connection.exec(pragmas, (error) => done(error, connection));
      },
    },
  });
}

interface SqliteConnection {
  configure(option: 'busyTimeout', milliseconds: number): void;
  exec(sql: string, done: (error: Error | null) => void): void;
}

async function migrate(knex: Knex, path: string): Promise<void> {
  const applied = await appliedMigrations(knex);
  const unknown = applied.find((name) => !migrationNames.includes(name));
  if (unknown) {
    throw new DatabaseRefusedError(`the database ${path} was made by a newer version of authsvc (migration ${unknown})`);
  }
  await knex.migrate.latest(migrationConfig);
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
