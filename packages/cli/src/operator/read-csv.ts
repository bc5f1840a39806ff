/** A record by the names of its columns, in lower case; `line` is where it begins. */
export type CsvRecord =
  | { readonly line: number; readonly fields: Record<string, string> }
  | { readonly line: number; readonly refused: string };

interface Line {
  readonly line: number;
  /** `undefined` for one that is too long. */
  readonly text: string | undefined;
}

/** RFC 4180, with spaces around quotes; text that only begins with a quote is text. */
const FIELD = /[ \t]*"((?:[^"]|"")*)"[ \t]*(,|$)|([^,]*)(,|$)/y;
const OPEN_FIELD = /[ \t]*"(?:[^"]|"")*$/y;

/**
 * Reads CSV whose first line names the columns.
 *
 * A quote that is never closed would swallow all that follows. Here it costs its own line: what it took in is read again as lines of its own, and no record is longer
 * than a line may be.
 *
 * @param checkColumns throws where the names are not what they must be.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  checkColumns: (names: readonly string[]) => void,
): AsyncGenerator<CsvRecord> {
  const { LONGEST_LINE, splitLines } = await import('@authsvc/server/split-lines');
  let columns: readonly string[] | undefined;
  /** Those of a record that is not complete. */
  let open: Line[] = [];

  function* take(next: Line): Generator<CsvRecord> {
    const lines = [...open, next];
    const whole = lines.map(({ text }) => text).join('\n');
    const [{ line }] = lines as [Line];
    if (next.text === undefined || whole.length > LONGEST_LINE) {
      yield* giveUp(lines);
      return;
    }
    const values = splitRecord(whole);
    open = values ? [] : lines;
    if (!values || whole.trim() === '') return;
    if (columns) {
      yield { line, fields: Object.fromEntries(columns.map((name, index) => [name, values[index] ?? ''])) };
      return;
    }
    columns = values.map((name) => name.toLowerCase());
    checkColumns(columns);
  }

  function* giveUp([first, ...rest]: readonly Line[]): Generator<CsvRecord> {
    open = [];
    if (!first) return;
    const isOpen = first.text !== undefined;
    yield { line: first.line, refused: isOpen ? 'a quote is not closed' : `longer than ${LONGEST_LINE} characters` };
    for (const line of rest) yield* take(line);
  }

  let line = 0;
  for await (const text of splitLines(bytes)) {
    line += 1;
    yield* take({ line, text });
  }
  while (open.length > 0) yield* giveUp(open);
}

/** @returns `undefined` where a quote is open at the end. */
function splitRecord(text: string): string[] | undefined {
  const values: string[] = [];
  for (let at = 0; ; at = FIELD.lastIndex) {
    OPEN_FIELD.lastIndex = at;
    if (OPEN_FIELD.test(text)) return undefined;
    FIELD.lastIndex = at;
    const [, quoted, quotedEnd, plain = '', plainEnd] = FIELD.exec(text) ?? [];
    values.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if ((quotedEnd ?? plainEnd) !== ',') return values;
  }
}
