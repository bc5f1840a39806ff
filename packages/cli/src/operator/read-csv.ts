import { pipeline } from 'node:stream';
import type { Info } from 'csv-parse';

/** A record by the names of its columns, in lower case; or the one at which the file stops making sense. */
export type CsvRecord =
  | { readonly line: number; readonly fields: Record<string, string> }
  | { readonly line: number; readonly refused: string };

/**
 * Reads CSV whose first line names the columns. A quote that is never closed would swallow all that follows: no record is longer than a line may be.
 *
 * @param checkColumns throws where the names are not what they must be.
 */
export async function* readCsv(
  text: AsyncIterable<Buffer>,
  checkColumns: (names: readonly string[]) => void,
): AsyncGenerator<CsvRecord> {
  const { CsvError, parse } = await import('csv-parse');
  const { LONGEST_LINE } = await import('@authsvc/server/split-lines');
  const parser = parse({
    columns: (names: string[]) => {
      const columns = names.map((name) => name.trim().toLowerCase());
      checkColumns(columns);
      return columns;
    },
    bom: true,
    info: true,
    max_record_size: LONGEST_LINE,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  // Whatever goes wrong also ends the loop.
  pipeline(text, parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: Info }>) {
      yield { line: info.lines, fields: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 0;
    yield { line, refused: 'a quote is never closed, or the line is too long; nothing behind it was read' };
  }
}
