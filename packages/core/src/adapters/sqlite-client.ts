import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import knexModule from 'knex';
import sqlite3 from 'sqlite3';
import { silentKnexLog } from './silent-knex-log.ts';

const require = createRequire(import.meta.url);

interface SqliteTransaction {
  query(connection: unknown, sql: string): Promise<unknown>;
  begin(connection: SqliteConnection): Promise<unknown>;
}

interface SqliteConnection {
  configure(option: 'busyTimeout', milliseconds: number): void;
}

const SqliteClient = require('knex/lib/dialects/sqlite3') as { new (config: Knex.Config): Knex.Client };
const SqliteTransaction = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction') as {
  new (...parameters: unknown[]): SqliteTransaction;
};

/** How long a statement waits for another process's lock, in milliseconds; in SQLite's own thread, never on the event loop. */
export const BUSY_TIMEOUT_MS = 1500;

/** Knex begins a deferred transaction, and two of those that read and then write get SQLITE_BUSY at once, however long they might have waited. */
class ImmediateTransaction extends SqliteTransaction {
  readonly #askedAt = performance.now();

  override async begin(connection: SqliteConnection): Promise<unknown> {
    // One waits for its turn and for the lock together for so long. Behind another that waited for the lock in vain, each would otherwise wait for as long again.
    const waitedMs = Math.round(performance.now() - this.#askedAt);
    connection.configure('busyTimeout', Math.max(0, BUSY_TIMEOUT_MS - waitedMs));
    try {
      return await this.query(connection, 'BEGIN IMMEDIATE;');
    } finally {
      connection.configure('busyTimeout', BUSY_TIMEOUT_MS);
    }
  }
}

/** Knex's own client for `sqlite3`, whose transactions take the right to write when they begin. */
export class ImmediateSqliteClient extends SqliteClient {
  override transaction(...parameters: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...parameters) as unknown as Knex.Transaction;
  }
}

/** Knex's own client, for a file that is looked at and never changed; Knex's flags cannot say so, since it adds its own to them. */
class ReadOnlySqliteClient extends SqliteClient {
  override acquireRawConnection(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { filename } = this.config.connection as Knex.Sqlite3ConnectionConfig;
      const database = new sqlite3.Database(filename, sqlite3.OPEN_READONLY, (error) =>
        error ? reject(error) : resolve(database),
      );
    });
  }
}

/** Opens such a file. */
export function openReadOnly(path: string): Knex {
  return knexModule({
    client: ReadOnlySqliteClient as typeof Knex.Client,
    connection: { filename: path },
    useNullAsDefault: true,
    compileSqlOnError: false,
    log: silentKnexLog,
    pool: { min: 0, max: 1 },
  });
}
