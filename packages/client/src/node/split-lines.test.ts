import { describe, expect, it } from 'vitest';
import { LONGEST_LINE, splitLines } from './split-lines.ts';

async function linesOf(...chunks: (string | Uint8Array)[]) {
  async function* stream() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const lines = [];
  for await (const line of splitLines(stream())) lines.push(line);
  return lines;
}

describe('splitLines', () => {
  it('splits at LF and CRLF, wherever the chunks end', async () => {
    expect(await linesOf('one\ntwo\r\n\nfour')).toEqual(['one', 'two', '', 'four']);
    expect(await linesOf('on', 'e\nt', 'wo\r', '\n', '\nfour\n')).toEqual(['one', 'two', '', 'four']);
    expect(await linesOf()).toEqual([]);
    expect(await linesOf('', '\n')).toEqual(['']);
  });

  it('splits at CR, as well where a chunk ends with it', async () => {
    expect(await linesOf('one\rtwo\r\rfour\r')).toEqual(['one', 'two', '', 'four']);
    expect(await linesOf('one\r', 'two\r', '\r', 'four\r')).toEqual(['one', 'two', '', 'four']);
    const long = 'x'.repeat(LONGEST_LINE + 1);
    expect(await linesOf(`${long}\r`, 'two\r')).toEqual([undefined, 'two']);
    expect(await linesOf(`${long.slice(1)}\r`, '\ntwo\r')).toEqual([long.slice(1), 'two']);
  });

  it('leaves a byte-order mark out, and puts characters together that chunks cut', async () => {
    expect(await linesOf('\uFEFFone\n\uFEFFtwo')).toEqual(['one', '\uFEFFtwo']);
    const bytes = Buffer.from('é\nü');
    expect(await linesOf(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(['é', 'ü']);
    expect(await linesOf(Uint8Array.of(0x61, 0xff, 0x0a, 0xc3))).toEqual(['a\uFFFD', '\uFFFD']);
  });

  it('gives nothing of a line that is too long, and goes on behind it', async () => {
    const longest = 'x'.repeat(LONGEST_LINE);
    expect(await linesOf(`${longest}\n${longest}y\nnext\n`)).toEqual([longest, undefined, 'next']);
    expect(await linesOf(longest, 'y', longest, 'y\r\nnext\n', longest, longest)).toEqual([
      undefined,
      'next',
      undefined,
    ]);
  });

  it('holds no more than it may of a line that never ends', async () => {
    const mebibyte = Buffer.alloc(1 << 20, 'x');
    // Together longer than any string can be.
    expect(await linesOf(...Array.from({ length: 600 }, () => mebibyte), '\nnext')).toEqual([undefined, 'next']);
  });
});
