import { closeSync, type FSWatcher, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** More than the daemon keeps. */
const OLDEST = 9;
const CHUNK_BYTES = 65_536;

/** A place in a log that is rotated: a file by its identity, which a new name does not change, and how far it has been read. */
interface LogPosition {
  readonly inode: number;
  readonly offset: number;
}

interface LogFile {
  readonly path: string;
  readonly inode: number;
}

/** The files of a rotated log that there are, the newest first: `authsvc.log`, `authsvc.log.1`, … */
function listLogFiles(path: string): LogFile[] {
  const paths = [path, ...Array.from({ length: OLDEST }, (_, index) => `${path}.${index + 1}`)];
  return paths.flatMap((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats ? [{ path: file, inode: stats.ino }] : [];
  });
}

interface LogRead {
  /** Whole lines, without their ends. */
  readonly lines: readonly string[];
  readonly position: LogPosition;
}

/** Reads the whole lines of a file from an offset on; a line that is still being written is left for the next time. */
function readLines(path: string, from = 0): LogRead {
  const file = openSync(path, 'r');
  try {
    const { ino: inode } = fstatSync(file);
    const chunks: Buffer[] = [];
    for (let offset = from; ; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const length = readSync(file, chunk, 0, CHUNK_BYTES, offset);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      offset += length;
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf('\n') + 1;
    const text = bytes.toString('utf8', 0, end);
    return { lines: text === '' ? [] : text.slice(0, -1).split('\n'), position: { inode, offset: from + end } };
  } finally {
    closeSync(file);
  }
}

/** Reads the last lines of a rotated log, through as many of its files as that takes; `undefined` where there is no log. */
export function readLastLines(path: string, count: number): LogRead | undefined {
  const files = listLogFiles(path);
  let lines: readonly string[] = [];
  let position: LogPosition | undefined;
  for (const file of files) {
    const read = readLines(file.path);
    position ??= read.position;
    lines = [...read.lines, ...lines];
    if (lines.length >= count) break;
  }
  return position && { lines: count === 0 ? [] : lines.slice(-count), position };
}

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
