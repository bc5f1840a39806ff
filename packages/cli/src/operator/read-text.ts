import { createReadStream } from 'node:fs';

const SHEET = 'holds a workbook or a ZIP archive: save the sheet as CSV UTF-8';
/** The first bytes, as Latin-1, of files that are often mistaken for text. */
const OTHER_FILES: readonly (readonly [string, string])[] = [
  ['SQLite format 3\0', 'is an SQLite database; that of the Flask service is read with --from flask-sqlite'],
  ['PK\x03\x04', SHEET],
  ['\xd0\xcf\x11\xe0', SHEET],
  ['\x1f\x8b', 'is compressed: unpack it with gunzip'],
];

/** A file is not text; the message is a sentence without its subject. */
export class NotTextError extends Error {
  override readonly name = 'NotTextError';
}

/** Enough to recognise the kind of file, however few bytes a pipe gives at a time. */
const HEAD_BYTES = 16;

/**
 * Read a text file as UTF-8, whether it is UTF-8 or the UTF-16 of Excel and PowerShell.
 *
 * @throws {@link NotTextError} by its first bytes, or by a NUL in the first that are read.
 */
export async function* readText(file: string): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  let toUtf8: ((chunk: Buffer) => Uint8Array) | undefined;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    if (toUtf8) {
      yield toUtf8(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    toUtf8 = transcoderOf(head);
    yield withoutNul(toUtf8(head));
  }
  if (!toUtf8) yield withoutNul(transcoderOf(head)(head));
}

function transcoderOf(head: Buffer): (chunk: Buffer) => Uint8Array {
  const text = head.toString('latin1', 0, HEAD_BYTES);
  const [, what] = OTHER_FILES.find(([start]) => text.startsWith(start)) ?? [];
  if (what !== undefined) throw new NotTextError(what);
  const encoding = utf16Of(head);
  if (!encoding) return (chunk) => chunk;
  const decoder = new TextDecoder(encoding);
  return (chunk) => Buffer.from(decoder.decode(chunk, { stream: true }));
}

/** By its byte-order mark or, without one, by the NULs beside characters of ASCII. */
function utf16Of([first, second, third, fourth]: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if ((first === 0xff && second === 0xfe) || (first && second === 0 && third && fourth === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second && third === 0 && fourth)) return 'utf-16be';
  return undefined;
}

/** For the first bytes only: a NUL further on is an error of its line. */
function withoutNul(utf8: Uint8Array): Uint8Array {
  const at = utf8.indexOf(0);
  if (at === -1) return utf8;
  const line = Buffer.from(utf8.subarray(0, at))
    .toString('latin1')
    .split(/\r\n|\r|\n/).length;
  throw new NotTextError(`is not text: line ${line} holds a NUL byte`);
}
