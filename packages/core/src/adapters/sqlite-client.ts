import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import knexModule from 'knex';
import sqlite3 from 'sqlite3';
import type { NamedQuery } from './prepared-row.ts';
import { silentKnexLog } from './silent-knex-log.ts';

const require = createRequire(import.meta.url);

interface SqliteTransaction {
  query(connection: unknown, sql: string): Promise<unknown>;
  begin(connection: SqliteConnection): Promise<unknown>;
}

interface PreparedStatement {
  /** Reads to the end, and so leaves no snapshot open. */
  all(bindings: readonly unknown[], done: (error: Error | null, rows: unknown[]) => void): void;
  finalize(done: () => void): void;
}

interface SqliteConnection {
  configure(option: 'busyTimeout', milliseconds: number): void;
  prepare(sql: string, done: (error: Error | null) => void): PreparedStatement;
}

interface SqliteKnexClient extends Knex.Client {
  _query(connection: SqliteConnection, query: NamedQuery): Promise<NamedQuery>;
  destroyRawConnection(connection: SqliteConnection): Promise<void>;
}

const SqliteClient = require('knex/lib/dialects/sqlite3') as { new (config: Knex.Config): SqliteKnexClient };
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

/** By their names; those of a connection are let go with it. */
const preparedStatements = new WeakMap<SqliteConnection, Map<string, PreparedStatement>>();

/** Knex's own client for `sqlite3`, whose transactions take the right to write when they begin, and which prepares a query with a name once a connection. */
export class ImmediateSqliteClient extends SqliteClient {
  override transaction(...parameters: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...parameters) as unknown as Knex.Transaction;
  }

  override async _query(connection: SqliteConnection, query: NamedQuery): Promise<NamedQuery> {
    const name = query.options?.name;
    if (name === undefined) return super._query(connection, query);
    const statement = await prepare(connection, name, query.sql);
    const response = await new Promise<unknown[]>((resolve, reject) => {
      statement.all(query.bindings, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
    return { ...query, response };
  }

  override async destroyRawConnection(connection: SqliteConnection): Promise<void> {
    // SQLite closes no connection that still has statements.
    for (const statement of preparedStatements.get(connection)?.values() ?? []) {
      await new Promise<void>((resolve) => statement.finalize(resolve));
    }
    await super.destroyRawConnection(connection);
  }
}

async function prepare(connection: SqliteConnection, name: string, sql: string): Promise<PreparedStatement> {
  const prepared = preparedStatements.get(connection) ?? new Map<string, PreparedStatement>();
  const known = prepared.get(name);
  if (known) return known;
  const statement = await new Promise<PreparedStatement>((resolve, reject) => {
    const made = connection.prepare(sql, (error) => (error ? reject(error) : resolve(made)));
  });
  preparedStatements.set(connection, prepared.set(name, statement));
  return statement;
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
    client: ReadOnlySqliteClient as unknown as typeof Knex.Client,
    connection: { filename: path },
    useNullAsDefault: true,
    compileSqlOnError: false,
    log: silentKnexLog,
    pool: { min: 0, max: 1 },
  });
}
