/** Longest line of an import, in characters: an email, a hash and two times take fewer. */
export const LONGEST_LINE = 16_384;

/** A CR at the end of a chunk waits: the next chunk may begin with its LF. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/**
 * Split UTF-8 text into lines that end in LF, CRLF or CR, without a byte-order mark. Holds at most
 * one chunk and one line.
 *
 * @returns `undefined` for a line longer than {@link LONGEST_LINE}.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let isTooLong = false;
  const finish = (text: string) => {
    const line = isTooLong || text.length > LONGEST_LINE ? undefined : text;
    isTooLong = false;
    return line;
  };
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(LINE_END);
    rest = lines.pop() ?? '';
    for (const line of lines) yield finish(line);
    const end = rest.endsWith('\r') ? '\r' : '';
    if (rest.length - end.length <= LONGEST_LINE) continue;
    isTooLong = true;
    rest = end;
  }
  rest += decoder.decode();
  if (isTooLong || rest !== '') yield finish(rest.replace(/\r$/, ''));
}
