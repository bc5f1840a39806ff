import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readStdinLines } from './stdin-lines.ts';

function pipe(...chunks: readonly (string | Buffer)[]): PassThrough {
  const stdin = new PassThrough();
  for (const chunk of chunks) stdin.write(chunk);
  return stdin;
}

const read = (stdin: PassThrough, ...options: string[]) => readStdinLines(stdin, options);

describe('readStdinLines', () => {
  it('stops at the first line ending and does not wait for the end', async () => {
    expect(await read(pipe('secret word\nmore'), '--password-stdin')).toEqual(['secret word']);
  });

  it('takes a last line without an ending, in pieces, and drops only the carriage return', async () => {
    const bytes = Buffer.from(' pässword \r\n');
    const stdin = pipe(bytes.subarray(0, 3), bytes.subarray(3));
    stdin.end();
    expect(await read(stdin, '--password-stdin')).toEqual([' pässword ']);
    const bare = pipe('bare');
    bare.end();
    expect(await read(bare, '--password-stdin')).toEqual(['bare']);
  });

  it('gives each option its line', async () => {
    expect(await read(pipe('token\npassword\n'), '--token-stdin', '--password-stdin')).toEqual(['token', 'password']);
  });

  it('leaves the lines after them to the next reader', async () => {
    const stdin = pipe('password\n123456\nrest');
    expect(await read(stdin, '--password-stdin')).toEqual(['password']);
    expect(await read(stdin, '--code-stdin')).toEqual(['123456']);
    stdin.end();
    expect(await read(stdin, '--token-stdin')).toEqual(['rest']);
    await expect(read(stdin, '--token-stdin')).rejects.toMatchObject({ code: 'input_required' });
  });

  it('waits for a line that comes later', async () => {
    const stdin = pipe('password\n');
    expect(await read(stdin, '--password-stdin')).toEqual(['password']);
    const code = read(stdin, '--code-stdin');
    stdin.write('123456\n');
    expect(await code).toEqual(['123456']);
  });

  it.each([
    ['nothing', '', ['--password-stdin'], '--password-stdin found no line on standard input'],
    ['an empty line', '\n', ['--password-stdin'], '--password-stdin found no line on standard input'],
    [
      'one line of two',
      'token\n',
      ['--token-stdin', '--password-stdin'],
      '--password-stdin found no line 2 on standard input',
    ],
  ])('refuses %s and names the option', async (_what, text, options, message) => {
    const stdin = pipe(text);
    stdin.end();
    await expect(read(stdin, ...options)).rejects.toMatchObject({ status: 2, code: 'input_required', message });
  });

  it('refuses more than 64 KiB, and what is not UTF-8', async () => {
    await expect(read(pipe('p'.repeat(65_537)), '--password-stdin')).rejects.toMatchObject({
      status: 2,
      message: 'Standard input holds more than 64 KiB',
    });
    await expect(read(pipe(Buffer.from([0xc3, 0x28, 0x0a])), '--password-stdin')).rejects.toMatchObject({
      status: 2,
      message: '--password-stdin found text that is not UTF-8',
    });
  });
});
