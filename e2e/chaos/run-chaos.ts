import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setup } from '../../test/postgres-setup.ts';
import { type ChaosOptions, readOptions, usage } from './options.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { endRun, runRow } from './run-row.ts';
import { outcomeTable, type TableLine } from './table.ts';

const INTERRUPTED = 130;

/**
 * Runs the rows that the command line asks for, one after another, and prints their table.
 *
 * @returns the exit status: 0 when all of them hold, 1 when one does not, 2 for what cannot be
 * obeyed.
 */
export async function runChaos(argv: readonly string[]): Promise<number> {
  let options: ChaosOptions;
  try {
    options = readOptions(argv, rows);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(rows)}\n`);
    return 2;
  }
  if (options.help) {
    say(usage(rows));
    return 0;
  }
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model.trim() ?? '', node: process.version };
  say(`\n${machine.cores} cores (${machine.cpu}), Node ${machine.node}, size ${options.size}\n`);
  const lines: (TableLine & { readonly name: string; readonly seconds: number })[] = [];
  /** Also of a run that is cut short: some rows take a quarter of an hour. */
  const report = () => {
    say(`\n${outcomeTable(lines)}`);
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify({ machine, size: options.size, rows: lines }, undefined, 2)}\n`);
    }
  };
  const tearDown = await setup();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A package loaded with PostgreSQL handles these too: it would end the process at once.
    process.removeAllListeners(signal);
    process.once(signal, () => {
      endRun()
        .then(tearDown)
        .then(report)
        .finally(() => process.exit(INTERRUPTED));
    });
  }
  try {
    for (const row of rows.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      for (const dialect of row.dialects.filter((one) => options.dialects.includes(one))) {
        const fault = row.dialects.length > 1 ? `${row.fault}, ${dialect}` : row.fault;
        const started = performance.now();
        const log = (line: string) => say(`  ${row.name} (${dialect}): ${line}`);
        const outcome = await runRow(row, { dialect, size: sizeOf(row, options), log });
        const seconds = Math.round((performance.now() - started) / 100) / 10;
        say(`${outcome.holds ? '✓' : '✗'} ${fault} (${seconds} s)`);
        lines.push({ name: row.name, fault, ...outcome, seconds });
      }
    }
    report();
    return lines.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await tearDown();
  }
}

function sizeOf(row: Row, { size, sizes }: ChaosOptions): Readonly<Record<string, number>> {
  const own = row.sizes[size];
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [name, sizes[name] ?? value]));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
