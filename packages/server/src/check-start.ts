import { once } from 'node:events';
import { createServer } from 'node:net';
import type { DaemonBody } from '@authsvc/client/contract';
import { dataPaths, makeDataFolder, StartRefusedError } from '@authsvc/client/folders';
import { checkSqliteFile, openPostgresDatabase } from '@authsvc/core';
import type { Config } from './config/config.ts';
import { assertSocketPathFits } from './control/socket.ts';
import { assertDatabaseFile } from './data-folder/lock-data-folder.ts';
import { refusalOfListening } from './http/listening.ts';

/**
 * Checks whether a daemon could replace the running one, as far as that can be known while the
 * running one holds its folder, its port and its database.
 *
 * @throws {@link StartRefusedError} and core's `DatabaseRefusedError`, as the start would.
 */
export async function checkStart(config: Config, running: DaemonBody): Promise<void> {
  assertSocketPathFits(dataPaths(config.dataFolder).socket);
  makeDataFolder(config.dataFolder, config.isDefaultDataFolder);
  const { database } = config;
  // Also if it is the database in use: the password may be a different one.
  if (database.kind === 'postgres') await (await openPostgresDatabase({ url: database.url, connections: 2 })).close();
  else if (database.name !== running.database) await checkFile(database.path);
  await checkListening(config, running);
}

async function checkFile(path: string): Promise<void> {
  assertDatabaseFile(path);
  const health = await checkSqliteFile(path);
  const [damage] = health?.damage ?? [];
  if (damage !== undefined) throw new StartRefusedError(`the database ${path} is damaged (${damage})`);
  if (health?.schema === 'newer') {
    throw new StartRefusedError(`the database ${path} was written by a newer version of authsvc`);
  }
}

async function checkListening({ listenHost: host, listenPort: port }: Config, running: DaemonBody): Promise<void> {
  // The running daemon frees its port when it ends.
  if (port === Number(new URL(running.url).port)) return;
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening');
  } catch (cause) {
    throw await refusalOfListening(host, port, cause);
  } finally {
    server.close();
  }
}
