import { closeSync, type FSWatcher, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** More than the daemon keeps. */
const OLDEST = 9;
const CHUNK_BYTES = 65_536;

/** A position in a rotated log: the file's inode, which renaming does not change, and an offset. */
interface LogPosition {
  readonly inode: number;
  readonly offset: number;
}

/** The existing files of a rotated log, newest first: `authsvc.log`, `authsvc.log.1`, … */
function listLogFiles(path: string) {
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

/** Read the complete lines of a file from an offset on, without one that is still being written. */
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

/** Read the last lines of a rotated log from as many files as needed; `undefined` without a log. */
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

/** Polling interval, for systems that report no changes, such as some network file systems. */
const LOOK_AGAIN_MS = 1000;

/**
 * Yield the lines added to a rotated log after a position, across rotations, until the signal
 * aborts.
 */
export async function* followLog(path: string, from: LogPosition, signal?: AbortSignal): AsyncGenerator<string> {
  const changes = watchFolder(dirname(path));
  let position = from;
  try {
    while (!signal?.aborted) {
      // Listen before reading, so that no change in between is missed.
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

/** Read on in the same file or, once that is rotated and read to its end, in the next newer one. */
function readOn(path: string, { inode, offset }: LogPosition): LogRead {
  const files = listLogFiles(path);
  const index = files.findIndex((file) => file.inode === inode);
  // The file was deleted: continue with the oldest one left.
  const [current, newer] = index === -1 ? [undefined, files.at(-1)] : [files[index], files[index - 1]];
  if (current) {
    const read = readLines(current.path, offset);
    // The name may refer to another file by the time it is opened.
    if (read.position.inode !== inode) return { lines: [], position: { inode, offset } };
    if (read.lines.length > 0 || !newer) return read;
  }
  return newer ? readLines(newer.path) : { lines: [], position: { inode, offset } };
}

function watchFolder(folder: string) {
  let wake = (): void => undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, () => wake());
    watcher.on('error', () => watcher?.close());
  } catch {
    // The system is out of watches; polling once a second will do.
  }
  return {
    /** Resolves at the next change, and at the latest after a second. */
    next: (signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
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
