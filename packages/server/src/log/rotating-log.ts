import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { refusalOfSystem } from '@authsvc/client/folders';
import type { LogStream } from './log.ts';

/** How many rotated files are kept. */
export const KEPT_LOG_FILES = 5;

/**
 * Opens a log file, mode 0600 in a 0700 folder. When it is full it becomes `<path>.1`, `.1` becomes
 * `.2`, and so on; the sixth is deleted.
 *
 * Every line is handed to the system before `write` returns, so the last lines of a crashing
 * process are kept. A line that cannot be written, as on a full disk, is lost, and the next one is
 * tried again.
 *
 * @param maxBytes the file is rotated before a line would make it longer.
 */
export function openRotatingLog(path: string, maxBytes: number): LogStream & { close(): void } {
  let file = openLog(path);
  let size = fstatSync(file).size;
  let isOpen = true;

  const rotate = () => {
    // Missing if the last rotation could not create a new one; then nothing is rotated twice.
    if (existsSync(path)) setAside(path);
    const fresh = openSync(path, 'a', 0o600);
    closeSync(file);
    file = fresh;
    size = 0;
  };

  return {
    write(line) {
      // The number of a closed file may be another file's by now.
      if (!isOpen) return;
      const bytes = Buffer.from(line);
      try {
        if (size > 0 && size + bytes.length > maxBytes) rotate();
        const written = writeSync(file, bytes);
        // The disk had room for a part of the line.
        if (written < bytes.length) ftruncateSync(file, size);
        else size += written;
      } catch {
        // There is no other place to say it.
      }
    },
    close() {
      isOpen = false;
      closeSync(file);
    },
  };
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    throw refusalOfSystem(`the log ${path} cannot be written`, cause, path);
  }
}

function setAside(path: string): void {
  rmSync(`${path}.${KEPT_LOG_FILES}`, { force: true });
  for (let age = KEPT_LOG_FILES - 1; age >= 0; age -= 1) {
    renameIfThere(age === 0 ? path : `${path}.${age}`, `${path}.${age + 1}`);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
