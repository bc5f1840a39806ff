interface HelpText {
  /** What a person would type, each with what it is for. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
  /** Real answers of `--json`, whose keys are a promise, and remarks on them. */
  readonly json?: readonly string[];
}

/** Columns of a terminal that nobody has made wider. */
export const HELP_WIDTH = 80;

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST_HELP = 100;

/** How wide a help page is on a terminal of so many columns, or on none. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? HELP_WIDTH, WIDEST_HELP);
}

/** The end of every help page, in one layout that fits a terminal. */
export function formatHelp({ examples, json }: HelpText): string {
  const sections = ['', 'Examples:', ...formatExamples(examples)];
  if (json) sections.push('', 'With --json:', ...json.flatMap(formatAnswer));
  return sections.join('\n');
}

/** Side by side where all of them fit; otherwise each purpose stands beneath its command. */
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
  // Between two keys, where the parts still read as one JSON value.
  if (line.startsWith('{')) return fill(line.split(/(?<=,)(?=")/), '  ', '   ', '');
  return fill(line.split(' '), '  ');
}

/** Puts parts into as few lines as hold them. */
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
