import { chmodSync } from 'node:fs';
import sqlite3 from 'sqlite3';

/** A lock that the system releases when its process dies, however it dies. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Lock a file, made with mode 0600 if it is missing, without waiting.
 *
 * Node has no flock; an exclusive SQLite transaction that never ends serves as one. Never open the
 * file in another way: closing it would release the lock.
 *
 * @returns undefined when another process, or another holder in this one, has it.
 */
export async function acquireFileLock(path: string): Promise<FileLock | undefined> {
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(path, (error) => (error ? reject(error) : resolve(opened)));
  });
  const release = () =>
    new Promise<void>((resolve, reject) => database.close((error) => (error ? reject(error) : resolve())));
  try {
    chmodSync(path, 0o600);
    // The driver would wait for a second.
    database.configure('busyTimeout', 0);
    await new Promise<void>((resolve, reject) =>
      database.exec('BEGIN EXCLUSIVE', (error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    await release();
    if ((error as NodeJS.ErrnoException).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return { release };
}
