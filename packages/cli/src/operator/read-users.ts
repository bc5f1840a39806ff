import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ImportLine } from '@authsvc/server/operator-contract';

export const importFormats = ['jsonl', 'csv', 'flask-sqlite'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** A line that is no account in this format, and why. */
export interface UnreadableLine {
  readonly line: number;
  readonly refused: string;
}

const HASH_NAMES = ['password_hash', 'hashed_password', 'hash', 'password'];

/** Says what kind of file it is by its name. */
export function formatOf(file: string): ImportFormat {
  return /\.csv$/i.test(file) ? 'csv' : 'jsonl';
}

/** Reads accounts from a file, one after another; what is wrong with a line is given back in its place. */
export function readUsers(file: string, format: ImportFormat): AsyncGenerator<ImportLine | UnreadableLine> {
  if (format === 'csv') return readCsv(file);
  return format === 'jsonl' ? readJsonLines(file) : readFlask(file);
}

async function* readJsonLines(file: string): AsyncGenerator<ImportLine | UnreadableLine> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    line += 1;
    if (text.trim() === '') continue;
    let fields: Record<string, unknown> | null;
    try {
      fields = JSON.parse(text);
    } catch {
      yield { line, refused: 'not JSON' };
      continue;
    }
    yield toImportLine(line, fields ?? {});
  }
}

async function* readCsv(file: string): AsyncGenerator<ImportLine | UnreadableLine> {
  const { parse } = await import('csv-parse');
  const records = createReadStream(file).pipe(
    parse({
      columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }),
  );
  for await (const { record, info } of records) yield toImportLine(info.lines, record);
}

async function* readFlask(file: string): AsyncGenerator<ImportLine> {
  const { readFlaskUsers } = await import('@authsvc/core');
  for await (const { id, email, passwordHash } of readFlaskUsers(file)) {
    yield { line: id, email, password_hash: passwordHash };
  }
}

function toImportLine(line: number, fields: Record<string, unknown>): ImportLine | UnreadableLine {
  const { email, created_at, disabled_at } = fields;
  const name = HASH_NAMES.find((candidate) => typeof fields[candidate] === 'string');
  if (typeof email !== 'string' || name === undefined) return { line, refused: 'email and password_hash are needed' };
  const time = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    line,
    email,
    password_hash: String(fields[name]),
    created_at: time(created_at),
    disabled_at: time(disabled_at),
  };
}
