import type { Paint } from '../terminal/paint.ts';
import { printable } from '../terminal/terminal.ts';
import { formatLocalTime } from '../terminal/times.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Render one JSON line of the log: local time, level, event, message, and the other fields as
 * `name=value`. A line that is not JSON is shown as it is.
 */
export function renderLogLine(line: string, paint: Paint): string {
  const fields = parse(line);
  if (!fields) return printable(line);
  const { time, level, event, message, err, ...rest } = fields;
  const headline = [event, message].filter((part) => part !== undefined).map((part) => printable(String(part)));
  const words = [
    paint.dim(describeTime(time)),
    paintLevel(String(level ?? ''), paint),
    headline.map((part, index) => (index === 0 ? paint.bold(part) : part)).join(': '),
    ...Object.entries(rest).map(([name, value]) => paint.dim(`${name}=`) + describeValue(value)),
  ];
  return [words.filter((word) => word !== '').join(' '), ...describeError(err)].join('\n');
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** To the second, in local time. */
function describeTime(time: unknown): string {
  const date = new Date(String(time));
  return Number.isNaN(date.getTime()) ? '' : formatLocalTime(date);
}

function paintLevel(level: string, { red, yellow, blue, dim }: Paint): string {
  const brushes: Readonly<Record<string, (text: string) => string>> = {
    fatal: red,
    error: red,
    warn: yellow,
    info: blue,
  };
  return (brushes[level] ?? dim)(printable(level.toUpperCase().padEnd(5)));
}

function describeValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? printable(text) : printable(JSON.stringify(text));
}

/** The stack of an error and of what caused it, indented. */
function describeError(err: unknown): string[] {
  if (typeof err !== 'object' || err === null) return [];
  const { stack, type, message, cause } = err as Fields;
  const text = typeof stack === 'string' && stack !== '' ? stack : `${type}: ${message}`;
  return [...text.split('\n').map((line) => `    ${printable(line.trim())}`), ...describeError(cause)];
}
