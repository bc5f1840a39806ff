/** A record by the names of its columns, in lower case; `line` is where it begins. */
export type CsvRecord =
  | { readonly line: number; readonly fields: Record<string, string> }
  | { readonly line: number; readonly refused: string };

interface Line {
  readonly line: number;
  /** `undefined` for one that is too long. */
  readonly text: string | undefined;
}

/** What Excel writes before the names of the columns if the delimiter is not the usual one. */
const DELIMITER_LINE = /^"?sep=(.)"?$/i;
const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Read CSV whose first line names the columns. The delimiter is set by a `sep=` line before that,
 * or else is the one that gives the most columns.
 *
 * An unclosed quote would swallow the rest of the file. Here only its own line is refused, and the
 * lines after it are parsed again. A record may have several lines, together as long as one may be.
 *
 * @param checkColumns throws if the names are not the expected ones.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  checkColumns: (names: readonly string[]) => void,
): AsyncGenerator<CsvRecord> {
  const { LONGEST_LINE, splitLines } = await import('@authsvc/client/split-lines');
  const splitRecord = await loadParser();
  let delimiters: readonly string[] = DELIMITERS;
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
    if (open.length > 0 && !next.text.includes('"')) {
      open = lines;
      return;
    }
    const said = line === 1 ? DELIMITER_LINE.exec(whole)?.[1] : undefined;
    if (said !== undefined) {
      delimiters = [said];
      return;
    }
    const read = mostFields(whole);
    open = read ? [] : lines;
    if (!read || whole.replaceAll(read.delimiter, '').trim() === '') return;
    if (columns) {
      yield { line, fields: Object.fromEntries(columns.map((name, index) => [name, read.values[index] ?? ''])) };
      return;
    }
    delimiters = [read.delimiter];
    columns = read.values.map((name) => name.toLowerCase());
    checkColumns(columns);
  }

  /** @returns `undefined` where a quote is open at the end. */
  function mostFields(text: string): { delimiter: string; values: string[] } | undefined {
    let most: ReturnType<typeof mostFields>;
    for (const delimiter of delimiters) {
      const values = splitRecord(text, delimiter);
      if (values && (!most || values.length > most.values.length)) most = { delimiter, values };
    }
    return most;
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

/** @returns what splits one record, and gives `undefined` where a quote is open at its end. */
async function loadParser(): Promise<(text: string, delimiter: string) => string[] | undefined> {
  const { CsvError, parse } = await import('csv-parse/sync');
  const split = (text: string, delimiter: string, rtrim: boolean) => {
    const options = { delimiter, ltrim: true, relax_column_count: true, relax_quotes: true, rtrim } as const;
    const [values = []] = parse(text, { ...options, record_delimiter: [] }) as string[][];
    return values.map((value) => value.trim());
  };
  return (text, delimiter) => {
    // Most lines have no quotes, and this takes a tenth of the time.
    if (!text.includes('"')) return text.split(delimiter).map((value) => value.trim());
    try {
      try {
        return split(text, delimiter, true);
      } catch (error) {
        // Text after a closing quote: the quotes are text as well, and blanks behind them are kept.
        if (error instanceof CsvError && error.code === 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE') {
          return split(text, delimiter, false);
        }
        throw error;
      }
    } catch (error) {
      if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') return undefined;
      throw error;
    }
  };
}
