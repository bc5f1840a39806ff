import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { DatabaseRefusedError } from '../errors.ts';
import { migrationNames } from '../migrate.ts';
import { openImmutable, openReadOnly, openToRecover } from './client.ts';
import { publishFile, syncFile } from './durable-file.ts';
import { inspectSqliteFile } from './file.ts';

/**
 * Write a consistent copy of a database that is in use: everything committed when it began. The
 * file appears whole or not at all, with mode 0600.
 *
 * @throws {@link DatabaseRefusedError} the path exists already, or is not writable.
 */
export async function backUpSqlite(knex: Knex, path: string): Promise<{ bytes: number }> {
  // Another daemon may be writing a backup to the same place.
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  try {
    if (await exists(path)) throw taken(path);
    await knex.raw('VACUUM INTO ?', [partial]);
    await chmod(partial, 0o600);
    const { size } = await syncFile(partial);
    await publishFile(partial, path);
    return { bytes: size };
  } catch (error) {
    // Removal may fail for the same reason.
    await rm(partial, { force: true }).catch(() => undefined);
    if (error instanceof DatabaseRefusedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw taken(path);
    throw new DatabaseRefusedError(`the backup ${path} cannot be written (${code ?? message})`, { cause: error });
  }
}

function taken(path: string): DatabaseRefusedError {
  return new DatabaseRefusedError(`${path} is there already, and is not overwritten`);
}

/** What a backup holds. */
export interface BackupContents {
  readonly users: number;
  readonly sessions: number;
}

/**
 * Check that a file is a sound backup: ours, of no newer version, and intact according to SQLite.
 * It is only read.
 *
 * @param newer migrations that the version which is to restore it does not know yet.
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 */
export async function checkBackup(path: string, newer: readonly string[] = []): Promise<BackupContents> {
  const workFolder = await mkdtemp(join(tmpdir(), 'authsvc-check-'));
  try {
    return await readBackup(path, workFolder, async (knex, contents) => {
      await refuseNewer(knex, path, (name) => newer.includes(name));
      return contents;
    });
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/**
 * Opens a backup with what its WAL holds, also on a disk that is mounted read-only, and uses it if
 * it is sound.
 *
 * @param workFolder empty; takes a copy of a backup that SQLite cannot read where it lies.
 * @throws {@link DatabaseRefusedError} one sentence that names the path.
 */
export async function readBackup<Result>(
  path: string,
  workFolder: string,
  use: (backup: Knex, contents: BackupContents) => Promise<Result>,
): Promise<Result> {
  if (inspectSqliteFile(path, 'r') === 'empty') throw new DatabaseRefusedError(`there is no backup at ${path}`);
  const knex = await openBackup(path, workFolder);
  try {
    const contents = await inspectBackup(knex, path);
    return await use(knex, contents);
  } finally {
    await knex.destroy();
  }
}

async function openBackup(path: string, workFolder: string): Promise<Knex> {
  const beside = ['-wal', '-journal'].filter((suffix) => sizeOf(path + suffix) > 0);
  if (beside.length === 0 && !isInUse(path)) return openImmutable(path);
  const inPlace = openReadOnly(path);
  try {
    await inPlace.raw('SELECT count(*) FROM sqlite_schema');
    return inPlace;
  } catch (error) {
    await inPlace.destroy();
    const { code = '' } = error as NodeJS.ErrnoException;
    // SQLite must write here: to read a WAL, it makes a file beside it; a journal is rolled back.
    if (!/^SQLITE_(CANTOPEN|READONLY|IOERR)/.test(code)) throw damaged(path, error);
    const copy = join(workFolder, 'backup.db');
    for (const suffix of ['', ...beside]) {
      await copyFile(path + suffix, copy + suffix);
      await chmod(copy + suffix, 0o600);
    }
    return openToRecover(copy);
  }
}

async function inspectBackup(knex: Knex, path: string): Promise<BackupContents> {
  try {
    const [check]: { integrity_check: string }[] = await knex.raw('PRAGMA integrity_check');
    if (check?.integrity_check !== 'ok') throw new DatabaseRefusedError(`the backup ${path} is damaged`);
    await refuseNewer(knex, path, (name) => !migrationNames.includes(name));
    return { users: await count(knex, 'users'), sessions: await count(knex, 'sessions') };
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    throw damaged(path, error);
  }
}

async function refuseNewer(knex: Knex, path: string, isNewer: (migration: string) => boolean): Promise<void> {
  const applied: string[] = await knex('migrations').pluck('name');
  const newer = applied.find(isNewer);
  if (newer === undefined) return;
  throw new DatabaseRefusedError(`the backup ${path} was made by a newer version of authsvc (migration ${newer})`);
}

function damaged(path: string, error: unknown): DatabaseRefusedError {
  return new DatabaseRefusedError(`the backup ${path} is damaged: ${(error as Error).message}`, { cause: error });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** A program that has a database open keeps a WAL beside it, even if that is empty. */
function isInUse(path: string): boolean {
  return statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined;
}

async function count(knex: Knex, table: string): Promise<number> {
  const [row] = await knex(table).count<{ total: number }[]>({ total: '*' });
  return Number(row?.total);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
