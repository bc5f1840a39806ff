import type { Outcome } from './row.ts';

export interface TableLine extends Outcome {
  readonly fault: string;
}

const widths = [26, 40, 7, 46, 7] as const;

/** One table of what was done to the service and what came of it. */
export function outcomeTable(lines: readonly TableLine[]): string {
  const head = ['fault', 'what was done', 'times', 'what was counted', 'verdict'];
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  const body = lines.map((line) => {
    const cells = [line.fault, line.done, line.times.toLocaleString('en'), line.counted, verdictOf(line)];
    const reason = line.why ?? line.notRun;
    return reason === undefined ? setOut(cells) : `${setOut(cells)}\n    ${reason.replaceAll('\n', '\n    ')}`;
  });
  return [setOut(head), ...body].join(`\n${rule}\n`);
}

function verdictOf({ holds, notRun }: Outcome): string {
  if (notRun !== undefined) return 'not run';
  return holds ? 'holds' : 'FAILS';
}

/** Sets cells next to each other, each on as many lines as it needs. */
function setOut(cells: readonly string[]): string {
  const wrapped = cells.map((cell, column) => wrap(cell, widths[column] ?? 0));
  const height = Math.max(...wrapped.map(({ length }) => length));
  const lines = Array.from({ length: height }, (_, line) =>
    wrapped.map((cell, column) => (cell[line] ?? '').padEnd(widths[column] ?? 0)).join('  '),
  );
  return lines.map((line) => line.trimEnd()).join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
