import { statfsSync, statSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseRefusedError } from '../errors.ts';
import { type MigrationState, readMigrationState } from '../migrate.ts';
import { openReadOnly } from './client.ts';
import { inspectSqliteFile, refuseLostDatabase } from './file.ts';
import { acquireFileLock } from './file-lock.ts';
import { openSqliteDatabase } from './open.ts';

/** The copy, the pages that a migration rewrites, and as much again for a daemon that serves. */
const ROOM_PER_BYTE = 3;
const LEAST_ROOM_BYTES = 100_000_000;

/**
 * Read which migrations a database lacks, while a daemon may use it. The file is not changed.
 *
 * @returns `undefined` when there is no database yet.
 * @throws {@link DatabaseRefusedError} the file is another program's, or cannot be read.
 */
export async function readSqliteMigrations(path: string): Promise<MigrationState | undefined> {
  if (inspectSqliteFile(path, 'r') === 'empty') {
    refuseLostDatabase(path);
    return undefined;
  }
  const knex = openReadOnly(path);
  try {
    return await readMigrationState(knex);
  } catch (error) {
    throw new DatabaseRefusedError(`the database ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await knex.destroy();
  }
}

/** The room that a trial needs beside a database, and the room that there is. */
export function measureTrialRoom(path: string): { readonly neededBytes: number; readonly freeBytes: number } {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const { bavail, bsize } = statfsSync(dirname(path));
  const neededBytes = Math.max(LEAST_ROOM_BYTES, ROOM_PER_BYTE * (sizeOf(path) + sizeOf(`${path}-wal`)));
  return { neededBytes, freeBytes: bavail * bsize };
}

/** Where a trial works, beside the database; removed in the end. */
export const trialFolder = (path: string) => `${path}.upgrade-trial`;

export interface UpgradeTrial {
  /** The time of the migrations alone, in milliseconds. */
  readonly tookMs: number;
  /** The size of the migrated copy. */
  readonly bytes: number;
}

/**
 * Migrate a copy of a database, while a daemon may use the database itself.
 *
 * @throws {@link DatabaseRefusedError} another trial is under way, or the copy cannot be made or
 * migrated.
 */
export async function tryUpgrade(path: string): Promise<UpgradeTrial> {
  const folder = trialFolder(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const lock = await acquireFileLock(join(folder, 'lock'));
  if (!lock) throw new DatabaseRefusedError(`another upgrade check of ${path} is under way`);
  const copy = join(folder, 'copy.db');
  try {
    // Left by a trial that was killed.
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(copy + suffix, { force: true });
    await copyDatabaseFile(path, copy);
    const database = await openSqliteDatabase(copy);
    const startedAt = performance.now();
    try {
      await database.migrate();
    } finally {
      // The last connection moves what the WAL holds into the file, which belongs to the time.
      await database.close();
    }
    return { tookMs: performance.now() - startedAt, bytes: statSync(copy).size };
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    throw new DatabaseRefusedError(`a copy of ${path} cannot be migrated: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await lock.release();
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyDatabaseFile(path: string, copy: string): Promise<void> {
  const knex = openReadOnly(path);
  try {
    await knex.raw('VACUUM INTO ?', [copy]);
    await chmod(copy, 0o600);
  } finally {
    await knex.destroy();
  }
}
