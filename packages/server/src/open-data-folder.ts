import { accessSync, constants, existsSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { acquireFileLock, type FileLock } from '@authsvc/core';
import type { Config } from './config.ts';
import { describeHolder, removeInstanceFile } from './instance-file.ts';
import { StartRefusedError } from './start-refused-error.ts';

const LOCK_FILE = 'authsvc.lock';
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Makes the data folder if need be, with mode 0700, and takes it, so that no second daemon uses it; a database that lies elsewhere is taken as well.
 *
 * @throws {@link StartRefusedError} the folder cannot be used, or another daemon holds it or the database.
 */
export async function openDataFolder(
  config: Pick<Config, 'dataFolder' | 'isDefaultDataFolder' | 'databasePath'>,
): Promise<FileLock> {
  const { dataFolder, databasePath } = config;
  makeFolder(dataFolder, config.isDefaultDataFolder);
  const locks = [
    await lock(join(dataFolder, LOCK_FILE), () => `${describeHolder(dataFolder)} uses the data folder ${dataFolder}`),
  ];
  const release = async () => {
    for (const held of locks.splice(0).reverse()) await held.release();
  };
  try {
    // Whoever wrote it is gone.
    removeInstanceFile(dataFolder);
    const realPath = realDatabasePath(databasePath);
    if (dirname(realPath) !== realpathSync(dataFolder)) {
      locks.push(await lock(`${realPath}.lock`, () => `another authsvc uses the database ${databasePath}`));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

function makeFolder(path: string, isDefault: boolean): void {
  const stats = statIfThere(path);
  if (!stats) {
    // A folder that someone named may lie on a disk that is not mounted; only the default place is made from the ground up.
    if (!isDefault && !existsSync(dirname(path))) {
      throw new StartRefusedError(`the data folder ${path} cannot be made: there is no folder ${dirname(path)}`);
    }
    attempt(`the data folder ${path} cannot be made`, () => mkdirSync(path, { recursive: isDefault, mode: 0o700 }));
    return;
  }
  if (!stats.isDirectory()) throw new StartRefusedError(`the data folder ${path} is not a folder`);
  if (process.platform !== 'win32' && (stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new StartRefusedError(
      `the data folder ${path} can be written to by other users; mend it with: chmod 700 ${path}`,
    );
  }
  attempt(`the data folder ${path} cannot be written to`, () => accessSync(path, constants.W_OK | constants.X_OK));
}

function statIfThere(path: string): Stats | undefined {
  return attempt(`the data folder ${path} cannot be reached`, () => statSync(path, { throwIfNoEntry: false }));
}

/** Two data folders may name the same database by different ways. */
function realDatabasePath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new StartRefusedError(`the database ${path} cannot be made: there is no folder ${folder}`);
  return join(realpathSync(folder), basename(path));
}

async function lock(path: string, whoHolds: () => string): Promise<FileLock> {
  let held: FileLock | undefined;
  try {
    held = await acquireFileLock(path);
  } catch (cause) {
    throw refusal(`the lock ${path} cannot be taken`, cause);
  }
  if (!held) throw new StartRefusedError(whoHolds());
  return held;
}

function attempt<Result>(sentence: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw refusal(sentence, cause);
  }
}

function refusal(sentence: string, cause: unknown): StartRefusedError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new StartRefusedError(`${sentence} (${code ?? message})`, { cause });
}
