/** Of one line of an import, in characters: more than an address, a hash and two times will ever take. */
export const LONGEST_LINE = 16_384;

/** A CR that a chunk ends with waits for the next one, which may begin with its LF. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/**
 * Splits UTF-8 text into its lines, whose ends may be LF, CRLF or CR; a byte-order mark is left
 * out. Never holds more than a chunk and a line.
 *
 * @returns `undefined` in the place of a line longer than {@link LONGEST_LINE}.
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
