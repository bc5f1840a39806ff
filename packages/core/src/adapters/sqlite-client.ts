import { createRequire } from 'node:module';
import type { Knex } from 'knex';

const require = createRequire(import.meta.url);

interface SqliteTransaction {
  query(connection: unknown, sql: string): Promise<unknown>;
  begin(connection: unknown): Promise<unknown>;
}

const SqliteClient = require('knex/lib/dialects/sqlite3') as { new (config: Knex.Config): Knex.Client };
const SqliteTransaction = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction') as {
  new (...parameters: unknown[]): SqliteTransaction;
};

/** Knex begins a deferred transaction, and two of those that read and then write get SQLITE_BUSY at once, however long they might have waited. */
class ImmediateTransaction extends SqliteTransaction {
  override begin(connection: unknown): Promise<unknown> {
    return this.query(connection, 'BEGIN IMMEDIATE;');
  }
}

/** Knex's own client for `sqlite3`, whose transactions take the right to write when they begin. */
export class ImmediateSqliteClient extends SqliteClient {
  override transaction(...parameters: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...parameters) as unknown as Knex.Transaction;
  }
}
