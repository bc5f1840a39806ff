import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';

/** What a prompt reads keys from: a terminal when `isTTY`, otherwise a pipe or a file. */
export interface InputStream extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
}

export interface OutputStream extends NodeJS.WritableStream {
  /** Of a terminal. */
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

/** The first failure of each output: Node itself forgets those of its own streams. */
const failures = new WeakMap<OutputStream, NodeJS.ErrnoException>();

/** Keeps a failure of an output from ending the process, and remembers it. */
export function watchOutput(stream: OutputStream): void {
  stream.on('error', (error) => remember(stream, error));
}

/** Why an output could not take what was written to it; `undefined` when it could, so far. */
export function outputFailure(stream: OutputStream): NodeJS.ErrnoException | undefined {
  return failures.get(stream);
}

/** Waits until all that was written is out of our hands, or cannot be. */
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
 * Whether the reader of a pipe has gone, as in `authsvc audit | head -1`: that is no mistake of
 * anyone's.
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
  // As big integers: after a pipe in plain ones, Node 20 has `require` follow no symbolic link.
  const stats = fstatSync(1, { bigint: true });
  return stats.isFile() || stats.isCharacterDevice();
}

/**
 * Node's own stream for a file writes once, and so loses the rest where a disk takes only a part.
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
