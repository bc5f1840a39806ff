import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ControlSilentError } from '@authsvc/client';
import type { DaemonBody } from '@authsvc/client/contract';
import { findDaemon } from '@authsvc/client/control';
import { assertOwn, dataPaths, makeDataFolder, refusalOfSystem, StartRefusedError } from '@authsvc/client/folders';
import { acquireFileLock, type FileLock, refuseSecondName } from '@authsvc/core';
import type { Config } from '../config/config.ts';

/** Longer than a daemon takes to stop, or many concurrent starts to settle which comes first. */
const LONGEST_WAIT_MS = 30_000;
const RETRY_MS = 100;

/**
 * Makes the data folder if need be, with mode 0700, and locks it, so that no second daemon uses it.
 * Locks the database file as well, wherever that is and by whichever name.
 *
 * Fails at once if a daemon runs there, but waits for one that is starting or stopping.
 *
 * @throws {@link StartRefusedError} the folder cannot be used, or another daemon holds it or the
 * database.
 */
export async function openDataFolder(
  config: Pick<Config, 'dataFolder' | 'isDefaultDataFolder' | 'database'>,
  { longestWaitMs = LONGEST_WAIT_MS } = {},
): Promise<FileLock> {
  const { dataFolder, database } = config;
  makeDataFolder(dataFolder, config.isDefaultDataFolder);
  const locks = [await lockFolder(dataFolder, longestWaitMs)];
  const release = async () => {
    for (const held of locks.splice(0).reverse()) await held.release();
  };
  try {
    if (database.kind === 'sqlite') {
      const realPath = assertDatabaseFile(database.path);
      const lock = await tryLock(`${realPath}.lock`);
      if (!lock) throw new StartRefusedError(`another authsvc uses the database ${database.path}`);
      locks.push(lock);
      refuseSecondName(realPath);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

async function lockFolder(dataFolder: string, longestWaitMs: number): Promise<FileLock> {
  const { lock: path, socket } = dataPaths(dataFolder);
  const giveUpAt = performance.now() + longestWaitMs;
  for (;;) {
    const lock = await tryLock(path);
    if (lock) return lock;
    const holder = await findHolder(socket);
    const isRunning = holder !== undefined && holder !== 'silent' && holder.state === 'running';
    if (isRunning || performance.now() > giveUpAt) {
      throw new StartRefusedError(`${describe(holder)} uses the data folder ${dataFolder}`);
    }
    await setTimeout(RETRY_MS);
  }
}

type Holder = DaemonBody | 'silent' | undefined;

async function findHolder(socket: string): Promise<Holder> {
  try {
    return await findDaemon(socket);
  } catch (error) {
    if (error instanceof ControlSilentError) return 'silent';
    throw error;
  }
}

function describe(holder: Holder): string {
  if (holder === 'silent') return 'another authsvc that does not answer';
  if (holder === undefined) return 'another authsvc that is starting or stopping';
  const { pid, url, started_at: startedAt } = holder;
  return `another authsvc (pid ${pid}, listening on ${url} since ${startedAt})`;
}

/**
 * Looks whether the file of a database may be used, or made.
 *
 * @returns its path without symbolic links.
 * @throws {@link StartRefusedError} there is no folder for it, or it is another user's.
 */
export function assertDatabaseFile(path: string): string {
  const realPath = realDatabasePath(path);
  const stats = statSync(realPath, { throwIfNoEntry: false });
  if (!stats) return realPath;
  assertOwn('the database', realPath, stats);
  try {
    accessSync(realPath, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw refusalOfSystem(`the database ${path} cannot be opened for writing`, cause, realPath);
  }
  return realPath;
}

/** Two data folders may name the same database in different ways. */
function realDatabasePath(path: string): string {
  if (existsSync(path)) return realpathSync.native(path);
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new StartRefusedError(`the database ${path} cannot be made: there is no folder ${folder}`);
  return join(realpathSync.native(folder), basename(path));
}

async function tryLock(path: string): Promise<FileLock | undefined> {
  try {
    return await acquireFileLock(path);
  } catch (cause) {
    throw refusalOfSystem(`the lock ${path} cannot be taken`, cause, path);
  }
}
