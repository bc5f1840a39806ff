import { type BigIntStats, statSync } from 'node:fs';

/** The database's name leads to another file than the one that is open, or to none. */
export class DatabaseMovedError extends Error {
  override readonly name = 'DatabaseMovedError';
  /** As SQLite calls it, which looks for it outside of a WAL alone. */
  readonly code = 'SQLITE_READONLY_DBMOVED';
}

/** Where the files of an open SQLite database are, by the names that the next start will open. */
export interface SqlitePlace {
  /** @throws {@link DatabaseMovedError} what is written now would be lost with the open file. */
  check(): void;
}

/**
 * Remembers which files an open database has, to tell when one was removed, moved or replaced.
 * Never opens them: closing one would drop SQLite's own locks.
 *
 * @param path free of symbolic links, since the WAL lies beside the file itself.
 * @param onMoved called once, at the first check that fails.
 */
export function rememberPlace(path: string, onMoved: (error: DatabaseMovedError) => void): SqlitePlace {
  const files = [path, `${path}-wal`].map((name) => ({ name, id: identify(name) }));
  let isKnown = false;
  return {
    check: () => {
      const moved = files.find(({ name, id }) => id !== undefined && identify(name) !== id);
      if (!moved) return;
      const error = new DatabaseMovedError(`${moved.name} was removed, moved or replaced while it was in use`);
      if (!isKnown) onMoved(error);
      isKnown = true;
      throw error;
    },
  };
}

/** Undefined where no file can be found, or on a file system that does not number its files. */
function identify(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // A folder on the way that was closed or replaced: the next start would not find the file either.
    return undefined;
  }
  return stats && stats.ino !== 0n ? `${stats.dev}:${stats.ino}` : undefined;
}
