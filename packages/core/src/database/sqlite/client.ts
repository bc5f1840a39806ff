import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import knexModule from 'knex';
import sqlite3, { type Database, type Statement } from 'sqlite3';
import { type NamedQuery, silentKnexLog } from '../knex.ts';

const require = createRequire(import.meta.url);

interface SqliteTransaction {
  query(connection: unknown, sql: string): Promise<unknown>;
  begin(connection: Database): Promise<unknown>;
}

interface SqliteKnexClient extends Knex.Client {
  acquireRawConnection(): Promise<Database>;
  _query(connection: Database, query: NamedQuery): Promise<NamedQuery>;
  destroyRawConnection(connection: Database): Promise<void>;
}

const SqliteClient = require('knex/lib/dialects/sqlite3') as { new (config: Knex.Config): SqliteKnexClient };
const SqliteTransaction = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction') as {
  new (...parameters: unknown[]): SqliteTransaction;
};

/**
 * How long a statement waits for another process's lock, in milliseconds; it blocks SQLite's
 * thread, not the event loop.
 */
export const BUSY_TIMEOUT_MS = 1500;

/**
 * Knex begins deferred transactions. Of two that read and then write, one gets SQLITE_BUSY at once,
 * without waiting.
 */
class ImmediateTransaction extends SqliteTransaction {
  readonly #askedAt = performance.now();

  override async begin(connection: Database): Promise<unknown> {
    // The timeout covers the queue and the lock together. Otherwise each transaction behind one
    // that timed out on the lock would wait for the full time once more.
    const waitedMs = Math.round(performance.now() - this.#askedAt);
    connection.configure('busyTimeout', Math.max(0, BUSY_TIMEOUT_MS - waitedMs));
    try {
      return await this.query(connection, 'BEGIN IMMEDIATE;');
    } finally {
      connection.configure('busyTimeout', BUSY_TIMEOUT_MS);
    }
  }
}

/** By name; those of a connection are finalized with it. */
const preparedStatements = new WeakMap<Database, Map<string, Statement>>();

/** Open an existing file: Knex's flags would create an empty database at a wrong path. */
function openConnection(client: Knex.Client, mode: number): Promise<Database> {
  return new Promise((resolve, reject) => {
    const { filename } = client.config.connection as Knex.Sqlite3ConnectionConfig;
    const database = new sqlite3.Database(filename, mode, (error) => (error ? reject(error) : resolve(database)));
  });
}

/**
 * Knex's client for `sqlite3`. Its transactions take the write lock when they begin, and a named
 * query is prepared once per connection.
 */
export class ImmediateSqliteClient extends SqliteClient {
  override transaction(...parameters: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...parameters) as unknown as Knex.Transaction;
  }

  override acquireRawConnection(): Promise<Database> {
    return openConnection(this, sqlite3.OPEN_READWRITE);
  }

  override async _query(connection: Database, query: NamedQuery): Promise<NamedQuery> {
    const name = query.options?.name;
    if (name === undefined) return super._query(connection, query);
    const statement = await prepare(connection, name, query.sql);
    const response = await new Promise<unknown[]>((resolve, reject) => {
      // Reads to the end, and so leaves no snapshot open.
      statement.all(query.bindings, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
    return { ...query, response };
  }

  override async destroyRawConnection(connection: Database): Promise<void> {
    // SQLite closes no connection that still has statements.
    for (const statement of preparedStatements.get(connection)?.values() ?? []) {
      await new Promise<void>((resolve) => statement.finalize(() => resolve()));
    }
    await super.destroyRawConnection(connection);
  }
}

async function prepare(connection: Database, name: string, sql: string): Promise<Statement> {
  const prepared = preparedStatements.get(connection) ?? new Map<string, Statement>();
  const known = prepared.get(name);
  if (known) return known;
  const statement = await new Promise<Statement>((resolve, reject) => {
    const made = connection.prepare(sql, (error) => (error ? reject(error) : resolve(made)));
  });
  preparedStatements.set(connection, prepared.set(name, statement));
  return statement;
}

/** Knex's client for a file that is only read. */
class ReadOnlySqliteClient extends SqliteClient {
  override acquireRawConnection(): Promise<Database> {
    return openConnection(this, sqlite3.OPEN_READONLY | sqlite3.OPEN_URI);
  }
}

/** Open a file for reading only. */
export function openReadOnly(path: string): Knex {
  return createSqliteKnex(ReadOnlySqliteClient, pathToFileURL(path).href);
}

/**
 * Open a file that no other program can change, with nothing beside it: SQLite then needs no lock,
 * and nothing to write to.
 */
export function openImmutable(path: string): Knex {
  return createSqliteKnex(ReadOnlySqliteClient, `${pathToFileURL(path)}?immutable=1`);
}

/** Open a file that no program uses, to recover what a killed one left in its WAL. */
export function openToRecover(path: string): Knex {
  return createSqliteKnex(ImmediateSqliteClient, path);
}

/** @param options with its own pool where one connection, made when it is needed, is not enough. */
export function createSqliteKnex(client: typeof SqliteClient, filename: string, options: Knex.Config = {}): Knex {
  return knexModule({
    client: client as unknown as typeof Knex.Client,
    connection: { filename },
    useNullAsDefault: true,
    // Error messages would otherwise quote the statement with its values, and so log addresses and
    // hashes.
    compileSqlOnError: false,
    log: silentKnexLog,
    pool: { min: 0, max: 1 },
    ...options,
  });
}
