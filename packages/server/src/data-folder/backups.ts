import { accessSync, constants, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refusalOfSystem } from '@authsvc/client/folders';
import { type Clock, type Database, DatabaseRefusedError, inspectSqliteFile } from '@authsvc/core';

/** A backup that was made; its time is ISO 8601, UTC. */
export interface MadeBackup {
  readonly path: string;
  readonly at: string;
}

/**
 * What a data folder knows of its backups. It is a file of its own: a restore brings back an older
 * database, which knows of no backup since.
 */
interface BackupRecord {
  /** Of another database, after AUTHSVC_DATABASE_URL changed, the record says nothing. */
  readonly database: string;
  last?: MadeBackup;
  /** Files in backup folders, in the order in which they were made. */
  folders: string[];
}

interface BackupsOptions {
  readonly database: Pick<Database, 'backUp'>;
  /** Undefined where the database has backup tools of its own. */
  readonly sqlitePath: string | undefined;
  readonly recordPath: string;
  readonly clock: Clock;
  /** Called when a backup stands, but the record could not be written. */
  readonly onUnrecorded: (error: unknown) => void;
}

export interface BackupIntoFolder {
  readonly path: string;
  readonly bytes: number;
  /** Older backups that were removed. */
  readonly removed: readonly string[];
  /** Older backups that should have been removed, and could not be. */
  readonly notRemoved: readonly string[];
}

/** Other daemons may write into the same folder in the same second. */
const MOST_NAMES_TRIED = 5;

export type Backups = ReturnType<typeof createBackups>;

/** Make backups of the database that serves, and remember them in the data folder. */
export function createBackups({ database, sqlitePath = '', recordPath, clock, onUnrecorded }: BackupsOptions) {
  // Kept here too: a full disk may keep it from being written.
  const record = readRecord(recordPath, sqlitePath) ?? { database: sqlitePath, folders: [] };
  let isUnderWay = false;

  let saved = Promise.resolve();
  const save = () => {
    saved = saved.then(() => writeRecord(recordPath, record)).catch(onUnrecorded);
    return saved;
  };

  const noteMade = async (path: string) => {
    record.last = { path, at: new Date(clock.now()).toISOString() };
    await save();
  };

  /** The name is noted first: a backup that no list has would never be removed. */
  const writeNext = async (folder: string): Promise<{ path: string; bytes: number }> => {
    for (let tried = 1; ; tried += 1) {
      const path = freePath(folder, clock.now());
      record.folders.push(path);
      await save();
      try {
        return { path, ...(await database.backUp(path)) };
      } catch (error) {
        record.folders.pop();
        await save();
        if (!isThere(path) || tried === MOST_NAMES_TRIED) throw error;
      }
    }
  };

  return {
    /**
     * Write a copy of the database to a new file.
     *
     * @throws core's `DatabaseRefusedError`.
     */
    to: async (path: string): Promise<{ bytes: number }> => {
      const made = await database.backUp(path);
      await noteMade(path);
      return made;
    },

    /**
     * Write a copy of the database into a folder, named by the time. Only then remove the oldest
     * until `keep` are left: regular files that this made, in the order in which they were made,
     * since the clock may have been set.
     *
     * @throws core's `DatabaseRefusedError`; then nothing was removed.
     */
    into: async (folder: string, keep: number): Promise<BackupIntoFolder> => {
      if (isUnderWay) throw new DatabaseRefusedError('another backup is being written; try again when it is done');
      isUnderWay = true;
      try {
        // PostgreSQL refuses; no folder is made for it.
        if (sqlitePath === '') await database.backUp(folder);
        const realFolder = makeBackupFolder(folder);
        await removeUnfinished(realFolder, record.folders);
        const { path, bytes } = await writeNext(realFolder);
        const { removed, notRemoved, left } = await prune(record.folders, realFolder, keep);
        record.folders = left;
        await noteMade(path);
        return { path, bytes, removed, notRemoved };
      } finally {
        isUnderWay = false;
      }
    },
  };
}

/** The last backup of a database, as its data folder remembers it. */
export function findLastBackup(recordPath: string, sqlitePath: string): MadeBackup | undefined {
  return readRecord(recordPath, sqlitePath)?.last;
}

/** Undefined for one that is missing, damaged, or of another database. */
function readRecord(recordPath: string, sqlitePath: string): BackupRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath, 'utf8')) as BackupRecord;
    return record.database === sqlitePath && Array.isArray(record.folders) ? record : undefined;
  } catch {
    return undefined;
  }
}

async function writeRecord(path: string, record: BackupRecord): Promise<void> {
  const unfinished = `${path}.tmp`;
  try {
    const file = await open(unfinished, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(record)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Make the folder alone: a missing parent may be a disk that is not mounted.
 *
 * @returns its path without symbolic links.
 */
function makeBackupFolder(folder: string): string {
  try {
    if (!isThere(folder)) mkdirSync(folder, { mode: 0o700 });
    const realFolder = realpathSync(folder);
    readdirSync(realFolder);
    accessSync(realFolder, constants.W_OK | constants.X_OK);
    return realFolder;
  } catch (cause) {
    const { message } = refusalOfSystem(`the backup folder ${folder} cannot be used`, cause, folder);
    throw new DatabaseRefusedError(message, { cause });
  }
}

/** `authsvc-20260131T220000Z.db`, or the next second that no file has. */
function freePath(folder: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const path = join(folder, `authsvc-${time}.db`);
  return isThere(path) ? freePath(folder, nowMs + 1000) : path;
}

/** Removes what a process that was killed had begun to write. */
async function removeUnfinished(folder: string, made: readonly string[]): Promise<void> {
  const names = readdirSync(folder);
  for (const path of made.filter((one) => dirname(one) === folder && !isThere(one))) {
    for (const name of names.filter((one) => isPartOf(join(folder, one), path))) await rm(join(folder, name));
  }
}

/** As core names a backup while it is written. */
function isPartOf(file: string, backup: string): boolean {
  return file.startsWith(`${backup}.`) && /^[\da-f]{8}\.partial$/.test(file.slice(backup.length + 1));
}

/**
 * Remove the oldest files of a list that lie in a folder, but for as many as are kept. What is not
 * there does not count, and stays in the list while it is newer than those: its disk may be back
 * tomorrow.
 */
async function prune(made: readonly string[], folder: string, keep: number) {
  const [removed, notRemoved, dropped]: [string[], string[], string[]] = [[], [], []];
  let kept = 0;
  for (const path of made.filter((one) => dirname(one) === folder).reverse()) {
    const isOurs = isOurBackup(path);
    if (kept < keep) {
      if (isOurs) kept += 1;
      continue;
    }
    try {
      if (isOurs) {
        await rm(path);
        removed.push(path);
      }
      dropped.push(path);
    } catch {
      notRemoved.push(path);
    }
  }
  return { removed, notRemoved, left: made.filter((path) => !dropped.includes(path)) };
}

/** Whether a file is still what was made: a link, or a file that was put in its place, is not. */
function isOurBackup(path: string): boolean {
  try {
    return lstatSync(path).isFile() && inspectSqliteFile(path, 'r') === 'ours';
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
