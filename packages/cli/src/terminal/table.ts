import { printable } from './terminal.ts';

/** Painted after its width is known. */
interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Align columns, two spaces apart. Control characters become spaces. */
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
