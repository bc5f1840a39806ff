import { join } from 'node:path';
import { queryPostgres } from '../../test/postgres-query.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import type { Environment } from '../support/program.ts';
import type { Dialect } from './row.ts';

/** The database of one row's service, which the row also reads directly. */
export interface RowDatabase {
  /** The settings that name it to the service. */
  readonly settings: Environment;
  /** Runs one statement, and gives its rows. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/**
 * A new database: on SQLite the file in the data folder of `home`, which the service makes; on
 * PostgreSQL one of its own.
 */
export async function makeDatabase(dialect: Dialect, home: string): Promise<RowDatabase> {
  if (dialect === 'sqlite') {
    const file = join(home, 'data', 'authsvc.db');
    return { settings: {}, query: (sql) => querySqlite(file, sql) as Promise<Record<string, unknown>[]> };
  }
  const url = await makePostgresDatabase();
  return { settings: { AUTHSVC_DATABASE_URL: url }, query: (sql) => queryPostgres(url, sql) };
}
