import type { Knex } from 'knex';

/**
 * An open database. SQLite has a pool for reads and one connection for writes; with PostgreSQL both
 * share a pool.
 */
export interface Database {
  readonly read: Knex;
  readonly write: Knex;
  /** Run a transaction, and retry it a few times after a conflict. */
  transaction<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /** Applies what migrations are missing; all of them or none. */
  migrate(): Promise<void>;
  isMigrated(): Promise<boolean>;
  /**
   * @throws DatabaseRefusedError a grant is missing, such as on a table that a new version brought.
   */
  assertGranted(): Promise<void>;
  /**
   * Write a consistent copy to a new file, while the database is in use.
   *
   * @throws DatabaseRefusedError it cannot be written, or the database has backup tools of its own.
   */
  backUp(path: string): Promise<{ bytes: number }>;
  close(): Promise<void>;
}
