import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { type LogPosition, type LogRead, listLogFiles, readLines } from './log-files.ts';

/** How long a change may go unnoticed where the system reports none, as on some network file systems. */
const LOOK_AGAIN_MS = 1000;

/**
 * Yields the lines that are added to a rotated log after a position, across every rotation, until the signal ends it.
 */
export async function* followLog(path: string, from: LogPosition, signal?: AbortSignal): AsyncGenerator<string> {
  const changes = watchFolder(dirname(path));
  let position = from;
  try {
    while (!signal?.aborted) {
      // Asked for before reading, so that what is written meanwhile is not slept through.
      const changed = changes.next(signal);
      const read = readOn(path, position);
      yield* read.lines;
      const hasMoved = read.position.inode !== position.inode || read.position.offset !== position.offset;
      position = read.position;
      if (!hasMoved) await changed;
    }
  } finally {
    changes.close();
  }
}

/** What follows in the same file; when that has been set aside and read to its end, what the next newer one holds. */
function readOn(path: string, { inode, offset }: LogPosition): LogRead {
  const files = listLogFiles(path);
  const index = files.findIndex((file) => file.inode === inode);
  // It has been deleted: go on with the oldest that is left.
  const [current, newer] = index === -1 ? [undefined, files.at(-1)] : [files[index], files[index - 1]];
  if (current) {
    const read = readIfStill(current.path, inode, offset);
    if (!read || read.lines.length > 0 || !newer) return read ?? { lines: [], position: { inode, offset } };
  }
  return newer ? readLines(newer.path) : { lines: [], position: { inode, offset } };
}

/** A name may mean another file by the time that it is opened. */
function readIfStill(path: string, inode: number, offset: number): LogRead | undefined {
  const read = readLines(path, offset);
  return read.position.inode === inode ? read : undefined;
}

interface FolderChanges {
  /** Resolves at the next change, and at the latest after a second. */
  next(signal?: AbortSignal): Promise<void>;
  close(): void;
}

function watchFolder(folder: string): FolderChanges {
  let wake = (): void => undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, () => wake());
    watcher.on('error', () => watcher?.close());
  } catch {
    // The system has no more watches to give; looking once a second will do.
  }
  return {
    next: (signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, LOOK_AGAIN_MS);
        const end = () => {
          clearTimeout(timer);
          resolve();
        };
        wake = end;
        signal?.addEventListener('abort', end, { once: true });
      }),
    close: () => watcher?.close(),
  };
}
