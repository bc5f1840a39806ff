import type { Knex } from 'knex';

/** An open database. With SQLite, reads go to a pool, and writes one at a time to a connection of their own; with PostgreSQL both share a pool. */
export interface Database {
  readonly read: Knex;
  readonly write: Knex;
  /** Runs a transaction; one that the database gave up for the sake of another is run again, a few times. */
  transaction<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /** Applies what migrations are missing; all of them or none. */
  migrate(): Promise<void>;
  isMigrated(): Promise<boolean>;
  /**
   * @throws DatabaseRefusedError a grant is missing, such as on a table that a new version brought.
   */
  assertGranted(): Promise<void>;
  /**
   * Writes a consistent copy to a new file, while the database is in use.
   * @throws DatabaseRefusedError it cannot be written, or this kind of database has tools of its own for that.
   */
  backUp(path: string): Promise<{ bytes: number }>;
  close(): Promise<void>;
}
