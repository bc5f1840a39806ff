interface HelpText {
  /** Command lines, each with its purpose. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
  /** Output of `--json`, whose keys are stable, and remarks on it. */
  readonly json?: readonly string[];
}

/** Columns of a terminal by default. */
export const HELP_WIDTH = 80;

/** Longer lines are hard to read. */
const WIDEST_HELP = 100;

/** The width of a help page on a terminal of so many columns, or on none. */
export function helpWidth(columns: number | undefined): number {
  // A pseudo-terminal whose size was never set has 0 columns.
  return Math.min(columns || HELP_WIDTH, WIDEST_HELP);
}

/** Format the end of a help page, to fit a terminal. */
export function formatHelp({ examples, json }: HelpText): string {
  const sections = ['', 'Examples:', ...formatExamples(examples)];
  if (json) sections.push('', 'With --json:', ...json.flatMap(formatAnswer));
  return sections.join('\n');
}

/** Side by side if all of them fit; otherwise each purpose beneath its command. */
function formatExamples(examples: HelpText['examples']): string[] {
  const width = Math.max(...examples.map(([command]) => command.length));
  const rows = examples.map(([command, purpose]) => `  ${command.padEnd(width)}  ${purpose}`);
  if (rows.every((row) => row.length <= HELP_WIDTH)) return rows;
  return examples.flatMap(([command, purpose]) => [
    ...fill(command.split(/(?<= \|) /), '  ', '    '),
    ...fill(purpose.split(' '), '      '),
  ]);
}

function formatAnswer(line: string): string[] {
  // Break between two keys, so that it still reads as one JSON value.
  if (line.startsWith('{')) return fill(line.split(/(?<=,)(?=")/), '  ', '   ', '');
  return fill(line.split(' '), '  ');
}

/** Wrap parts into as few lines as they need. */
export function fill(
  parts: readonly string[],
  indent: string,
  indentOfRest = indent,
  separator = ' ',
  width = HELP_WIDTH,
): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? indent + part : line + separator + part;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = indentOfRest + part;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
