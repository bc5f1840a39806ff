import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';

/** Standard input: a terminal when `isTTY`, otherwise a pipe or a file. */
export interface InputStream extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
}

export interface OutputStream extends NodeJS.WritableStream {
  /** Of a terminal. */
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

/** The first failure of each output, which Node does not keep. */
const failures = new WeakMap<OutputStream, NodeJS.ErrnoException>();

/** Keep a failed write from ending the process, and remember it. */
export function watchOutput(stream: OutputStream): void {
  stream.on('error', (error) => remember(stream, error));
}

/** The first failed write to an output; `undefined` if there was none so far. */
export function outputFailure(stream: OutputStream): NodeJS.ErrnoException | undefined {
  return failures.get(stream);
}

/** Wait until everything written has been flushed, or has failed. */
export async function settleOutput(stream: OutputStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', (error) => {
      if (error) remember(stream, error);
      resolve();
    });
  });
}

function remember(stream: OutputStream, error: Error): void {
  if (!failures.has(stream)) failures.set(stream, error);
}

/**
 * Whether the reader of a pipe has gone, as in `authsvc audit | head -1`, which is not an error.
 */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE';
}

/** Standard output of this process. */
export function openStandardOutput(): OutputStream {
  return isFile(process.platform) ? createFileOutput(1) : process.stdout;
}

function isFile(platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || isatty(1)) return false;
  // With bigint, since on Node 20 a plain fstat of a pipe makes `require` stop resolving symlinks.
  const stats = fstatSync(1, { bigint: true });
  return stats.isFile() || stats.isCharacterDevice();
}

/**
 * Node's own stream for a file writes once, and loses the rest of a partial write.
 */
function createFileOutput(file: number): OutputStream {
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
