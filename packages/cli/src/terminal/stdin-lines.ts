import { shell } from '@authsvc/client/shell-command';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { InputStream } from './streams.ts';

const LONGEST_INPUT = 64 * 1024;

/**
 * Read the next lines of standard input, one for each option and no further, without their line
 * endings (LF or CRLF).
 *
 * @param options such as `--password-stdin`; named when its line is missing.
 * @throws {@link CliError} `input_required`: a line is empty or missing. `usage`: over 64 KiB, or
 * not UTF-8.
 */
export async function readStdinLines(stdin: InputStream, options: readonly string[]): Promise<string[]> {
  const text = decode(await readUntil(stdin, options.length), options);
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  return options.map((option, index) => {
    const line = lines[index];
    if (line) return line;
    throw new CliError({
      status: exitStatus.usage,
      code: 'input_required',
      what: `${option} found ${options.length === 1 ? 'no line' : `no line ${index + 1}`} on standard input`,
      next: { say: 'Pipe it in', command: shell`printf %s "$PASSWORD" | authsvc … ${option}` },
    });
  });
}

function readUntil(stdin: InputStream, lineCount: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let lines = 0;
    const stop = () => {
      stdin.off('data', onData).off('end', onEnd).off('error', onError);
      stdin.pause();
    };
    const onEnd = () => {
      stop();
      const read = Buffer.concat(chunks);
      const end = endOfLine(read, lineCount);
      // For the next reader.
      if (end < read.length) stdin.unshift(read.subarray(end));
      resolve(read.subarray(0, end));
    };
    const onError = (error: Error) => {
      stop();
      reject(error);
    };
    const onData = (data: Buffer | string) => {
      const chunk = Buffer.from(data);
      chunks.push(chunk);
      length += chunk.length;
      lines += chunk.filter((byte) => byte === 0x0a).length;
      if (lines >= lineCount) onEnd();
      else if (length > LONGEST_INPUT) onError(usageError('Standard input holds more than 64 KiB'));
    };
    // It emits no second end.
    if ('readableEnded' in stdin && stdin.readableEnded) return resolve(Buffer.alloc(0));
    stdin.on('data', onData).on('end', onEnd).on('error', onError).resume();
  });
}

/** The index after so many lines; that of the end where there are fewer. */
function endOfLine(bytes: Buffer, lineCount: number): number {
  let end = 0;
  for (let line = 0; line < lineCount; line += 1) {
    const newline = bytes.indexOf(0x0a, end);
    if (newline < 0) return bytes.length;
    end = newline + 1;
  }
  return end;
}

function decode(bytes: Buffer, options: readonly string[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw usageError(`${options.join(' and ')} found text that is not UTF-8`, { cause: error });
  }
}
