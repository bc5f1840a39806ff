import { fill } from '../terminal/help-text.ts';
import { printable, type Terminal } from '../terminal/terminal.ts';
import type { Finding } from './finding.ts';

/** A narrower terminal breaks the words itself. */
const MIN_TEXT_WIDTH = 30;

/** A finding, by the name of its check. */
export interface Named<Name extends string> extends Finding {
  readonly name: Name;
}

/** As in the `checks` of `--json`. */
export function findingToJson({ name, state, message, remedy }: Named<string>) {
  return { name, state, message, remedy: remedy?.command ?? remedy?.say ?? null };
}

/** One row a finding, beneath each other what is wrapped and what to do. */
export function formatFindings<Name extends string>(
  findings: readonly Named<Name>[],
  labels: Readonly<Record<Name, string>>,
  { paint }: Terminal,
  columns: number | undefined,
): string[] {
  const marks = { ok: paint.green('✓'), warning: paint.yellow('!'), problem: paint.red('✗') };
  const labelWidth = Math.max(...Object.values<string>(labels).map((label) => label.length));
  const indent = ' '.repeat(labelWidth + 4);
  const textWidth = Math.max(MIN_TEXT_WIDTH, (columns ?? Number.POSITIVE_INFINITY) - indent.length);
  return findings.flatMap(({ name, state, message, remedy }, index) => {
    const label = findings[index - 1]?.name === name ? '' : labels[name];
    const [first = '', ...rest] = fill(printable(message).split(' '), '', '', ' ', textWidth);
    const row = `${marks[state]} ${paint.bold(label.padEnd(labelWidth))}  ${first}`;
    const way = remedy?.command ? `${remedy.say}: ${paint.cyan(remedy.command)}` : remedy?.say;
    return [row, ...[...rest, ...(way === undefined ? [] : [way])].map((line) => indent + line)];
  });
}
