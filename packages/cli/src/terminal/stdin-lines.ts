import { shell } from '@authsvc/client/shell-command';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { InputStream } from './streams.ts';

const LONGEST_INPUT = 64 * 1024;

/**
 * Read the first lines of standard input, one for each option and no further, without their line
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
      resolve(Buffer.concat(chunks));
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
    stdin.on('data', onData).on('end', onEnd).on('error', onError);
  });
}

function decode(bytes: Buffer, options: readonly string[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw usageError(`${options.join(' and ')} found text that is not UTF-8`, { cause: error });
  }
}
