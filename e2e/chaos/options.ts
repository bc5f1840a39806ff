import { parseArgs } from 'node:util';
import type { Dialect, Row, SizeName } from './row.ts';

export interface ChaosOptions {
  readonly help: boolean;
  readonly only: readonly string[];
  readonly size: SizeName;
  readonly dialects: readonly Dialect[];
  readonly json: string | undefined;
  /** Sizes that were set one by one, which replace those of every chosen row. */
  readonly sizes: Readonly<Record<string, number>>;
}

const dialectChoices: Readonly<Record<string, readonly Dialect[]>> = {
  sqlite: ['sqlite'],
  postgres: ['postgres'],
  both: ['sqlite', 'postgres'],
};

/** The help text of the program. */
export function usage(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, fault, sizes }) => {
    const own = Object.entries(sizes.full).map(([size, value]) => `--${size} ${value}`);
    return `  ${name.padEnd(width)}  ${fault}${own.length > 0 ? ` (${own.join(' ')})` : ''}`;
  });
  return `npm run chaos -- [options]

  --only <name,...>                  these rows alone
  --size small|full                  how much of each: to see that it runs, or what the table states (full)
  --dialect sqlite|postgres|both     on which databases, where a row knows both (both)
  --json <file>                      write the outcomes to a file
  --help

Rows, and the sizes of each that can be set one by one:
${lines.join('\n')}`;
}

/** @throws one sentence about what cannot be obeyed. */
export function readOptions(argv: readonly string[], rows: readonly Row[]): ChaosOptions {
  const sizeNames = new Set(rows.flatMap(({ sizes }) => Object.keys(sizes.full)));
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      size: { type: 'string', default: 'full' },
      dialect: { type: 'string', default: 'both' },
      json: { type: 'string' },
      ...Object.fromEntries([...sizeNames].map((name) => [name, { type: 'string' }] as const)),
    },
  });
  const only = values.only.flatMap((names) => names.split(','));
  const names = rows.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: the rows are ${names.join(', ')}`);
  if (values.size !== 'small' && values.size !== 'full') throw new Error('--size takes small or full');
  const dialects = dialectChoices[values.dialect];
  if (!dialects) throw new Error(`--dialect takes ${Object.keys(dialectChoices).join(', ')}`);
  const given = Object.entries(values).filter(([name, value]) => sizeNames.has(name) && value !== undefined);
  const sizes = Object.fromEntries(given.map(([name, value]) => [name, wholeNumber(name, String(value))]));
  return { help: values.help, only, size: values.size, dialects, json: values.json, sizes };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1 on`);
  return value;
}
