import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { LogStream } from './log.ts';

/** Most bytes that wait for a reader that does not read; lines beyond them are lost. */
const MOST_WAITING_BYTES = 1_048_576;

/**
 * Opens standard error for the log. A line that cannot be written is lost, and the next one is
 * tried again: a disk may have room by then, and the service goes on in any case.
 *
 * @param renderLine for a reader who is a person.
 */
export function openStandardLog(renderLine?: (line: string) => string): LogStream {
  // Node's own stream for a file writes nothing more after a failure.
  const log = isFile(2) ? createFileLog(2) : createBoundedLog(process.stderr);
  return renderLine ? { write: (line) => log.write(`${renderLine(line.trimEnd())}\n`) } : log;
}

/** Keeps an output that cannot be written from ending the process. */
export function ignoreFailures(output: Writable): void {
  output.on('error', () => undefined);
}

function createFileLog(file: number): LogStream {
  return {
    write(line) {
      try {
        writeSync(file, line);
      } catch {
        // There is no other place to say it.
      }
    },
  };
}

/** Writes to a pipe, a socket or a terminal, and keeps little for a reader that does not read. */
export function createBoundedLog(output: Writable): LogStream {
  return {
    write(line) {
      if (output.writableLength < MOST_WAITING_BYTES) output.write(line);
    },
  };
}

function isFile(file: number): boolean {
  if (process.platform === 'win32' || isatty(file)) return false;
  // With bigint: after a plain fstat of a pipe, `require` in Node 20 follows no symbolic link.
  const stats = fstatSync(file, { bigint: true });
  return stats.isFile() || stats.isCharacterDevice();
}
