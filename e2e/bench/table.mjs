import { median, ratio } from '../support/statistics.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */
/** @typedef {{ title: string, rows: readonly Row[] }} Section */

/**
 * One table of everything that was measured.
 *
 * @param {readonly Section[]} sections
 * @returns {string}
 */
export function resultTable(sections) {
  const byId = new Map(sections.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
  const lines = sections.flatMap(({ title, rows }) => [[title], ...rows.map((row) => resultLine(row, byId))]);
  return alignColumns([['', 'party', 'median', '', 'p50', 'p99', 'slowest', '503', 'failed', 'ratio'], ...lines]);
}

/**
 * Sets columns below each other: words to the left, figures to the right. A line of one cell is a
 * heading.
 *
 * @param {readonly (readonly string[])[]} lines
 * @returns {string}
 */
export function alignColumns(lines) {
  const widths = lines
    .filter(({ length }) => length > 1)
    .reduce(
      (/** @type {number[]} */ widest, line) => line.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
      [],
    );
  return lines
    .map((line) => {
      if (line.length === 1) return `\n${line[0]}`;
      const cells = line.map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^[\d.,]+( ms)?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      });
      return `  ${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

/**
 * A figure with about three significant digits.
 *
 * @param {number} value
 */
export function formatFigure(value) {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/**
 * @param {Row} row
 * @param {ReadonlyMap<string, Row>} byId
 */
function resultLine(row, byId) {
  const { samples, against } = row;
  const base = against === undefined ? undefined : byId.get(against);
  return [
    row.load,
    row.party,
    formatFigure(median(valuesOf(row))),
    row.unit,
    milliseconds(samples.map(({ p50Ms }) => p50Ms)),
    milliseconds(samples.map(({ p99Ms }) => p99Ms)),
    milliseconds(samples.map(({ slowestMs }) => slowestMs)),
    total(samples.map(({ refused }) => refused)),
    total(samples.map(({ failed }) => failed)),
    base ? `${formatFigure(ratio(valuesOf(row), valuesOf(base)))} × ${base.party}, ${base.load}` : '',
  ];
}

/** @param {Row} row */
function valuesOf(row) {
  return row.samples.map(({ value }) => value);
}

/** @param {readonly (number | undefined)[]} values */
function milliseconds(values) {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? '' : `${formatFigure(median(known))} ms`;
}

/** @param {readonly (number | undefined)[]} counts */
function total(counts) {
  const sum = counts.reduce((/** @type {number} */ all, count) => all + (count ?? 0), 0);
  return sum === 0 ? '' : sum.toLocaleString('en');
}
