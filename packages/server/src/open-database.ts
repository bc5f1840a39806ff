import {
  createMemorySessions,
  createStoredSessions,
  type Database,
  openPostgresDatabase,
  openSqliteDatabase,
} from '@authsvc/core';
import type { Config } from './config.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Session checks that are exact on this database: from memory where this process alone has it, by a query where others share it. */
  readonly createSessions: typeof createStoredSessions;
}

/** @throws core's `DatabaseRefusedError`. */
export async function openDatabase({
  database,
  databaseConnections,
}: Pick<Config, 'database' | 'databaseConnections'>): Promise<OpenedDatabase> {
  if (database.kind === 'sqlite') {
    return { database: await openSqliteDatabase(database.path), createSessions: createMemorySessions };
  }
  const opened = await openPostgresDatabase({ url: database.url, connections: databaseConnections });
  return { database: opened, createSessions: createStoredSessions };
}
