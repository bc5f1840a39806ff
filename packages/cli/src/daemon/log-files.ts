import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** More than the daemon keeps. */
const OLDEST = 9;
const CHUNK_BYTES = 65_536;

/** A place in a log that is rotated: a file by its identity, which a new name does not change, and how far it has been read. */
export interface LogPosition {
  readonly inode: number;
  readonly offset: number;
}

export interface LogFile {
  readonly path: string;
  readonly inode: number;
}

/** The files of a rotated log that there are, the newest first: `authsvc.log`, `authsvc.log.1`, … */
export function listLogFiles(path: string): LogFile[] {
  const paths = [path, ...Array.from({ length: OLDEST }, (_, index) => `${path}.${index + 1}`)];
  return paths.flatMap((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats ? [{ path: file, inode: stats.ino }] : [];
  });
}

export interface LogRead {
  /** Whole lines, without their ends. */
  readonly lines: readonly string[];
  readonly position: LogPosition;
}

/** Reads the whole lines of a file from an offset on; a line that is still being written is left for the next time. */
export function readLines(path: string, from = 0): LogRead {
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
