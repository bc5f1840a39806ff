export interface HelpText {
  /** What a person would type, each with what it is for. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
  /** One real answer of `--json`; its keys are a promise. */
  readonly json?: readonly string[];
}

/** The end of every help page, in one layout. */
export function formatHelp({ examples, json }: HelpText): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = ['', 'Examples:', ...examples.map(([command, purpose]) => `  ${command.padEnd(width)}  ${purpose}`)];
  if (json) lines.push('', 'With --json:', ...json.map((line) => `  ${line}`));
  return lines.join('\n');
}
