import { existsSync, realpathSync } from 'node:fs';
import type { DaemonWarning } from '@authsvc/client/contract';
import {
  clearUnfinishedRestores,
  createSessionCache,
  createUncachedSessions,
  type Database,
  openPostgresDatabase,
  openSqliteDatabase,
} from '@authsvc/core';
import type { FastifyBaseLogger } from 'fastify';
import type { Config } from '../config/config.ts';

/**
 * Opens the database, with session checks that are exact on it: from a cache if only this process
 * uses it, by a query if others share it.
 *
 * @param warn called with what an operator should know of while the daemon runs.
 * @throws core's `DatabaseRefusedError`.
 */
export async function openDatabase(
  { database, databaseConnections }: Pick<Config, 'database' | 'databaseConnections'>,
  log: FastifyBaseLogger,
  warn: (warning: DaemonWarning) => void,
): Promise<{ database: Database; createSessions: typeof createUncachedSessions }> {
  if (database.kind === 'sqlite') {
    await clearUnfinished(database.path, log);
    const onMoved = ({ message: what }: Error) => {
      const message = `${what}: writes are refused until the daemon is restarted; authsvc backup still saves what it has open`;
      log.fatal({ event: 'database_moved' }, message);
      warn({ event: 'database_moved', message });
    };
    return { database: await openSqliteDatabase(database.path, { onMoved }), createSessions: createSessionCache };
  }
  const opened = await openPostgresDatabase({ url: database.url, connections: databaseConnections });
  return { database: opened, createSessions: createUncachedSessions };
}

/** Does nothing if the database is missing: opening it decides whether to refuse that. */
async function clearUnfinished(path: string, log: FastifyBaseLogger): Promise<void> {
  if (!existsSync(path) || !(await clearUnfinishedRestores(realpathSync(path)))) return;
  const message = `a restore of ${path} was cut short before it replaced anything; what it had begun was removed`;
  log.warn({ event: 'restore_unfinished' }, message);
}
