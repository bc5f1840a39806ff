import { printable } from './terminal.ts';

/** A cell: its text, and how it is painted once its width is settled. */
interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Lines whose columns stand under each other, two spaces apart; the last column is as wide as it is. Control characters become spaces. */
export function formatTable(rows: readonly (readonly (string | Cell)[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, { text }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  }
  return cells.map((row) =>
    row
      .map(({ text, paint = (unpainted) => unpainted }, column) => {
        const isLast = column === row.length - 1;
        return paint(printable(text)) + (isLast ? '' : ' '.repeat((widths[column] ?? 0) - text.length));
      })
      .join('  ')
      .trimEnd(),
  );
}
