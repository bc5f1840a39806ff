import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { ImportLine } from '@authsvc/client/contract';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import { readCsv } from './read-csv.ts';
import { NotTextError, readText } from './read-text.ts';

export const importFormats = ['jsonl', 'csv', 'flask-sqlite'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** A line that is not an account, and why. */
interface UnreadableLine {
  readonly line: number;
  readonly refused: string;
}

const HASH_NAMES = ['password_hash', 'hashed_password', 'hash', 'password'];

/** The reader of each format, and what it means to find no account. */
const readers = {
  csv: [fromCsv, 'no line follows the names of columns'],
  jsonl: [fromJsonLines, 'it is empty'],
  'flask-sqlite': [fromFlask, 'its table of users is empty'],
} as const;

/** The format of a file, by its name. */
export function formatOf(file: string): ImportFormat {
  return /\.(csv|tsv)$/i.test(file) ? 'csv' : 'jsonl';
}

/**
 * Read accounts from a file, one by one; yields the error of a bad line in its place.
 *
 * @throws {@link CliError} `unreadable_file`: it is missing, of another format, or empty.
 */
export async function* readUsers(
  file: string,
  format: ImportFormat,
): AsyncGenerator<ImportLine | UnreadableLine, void, void> {
  const [read, emptyBecause] = readers[format];
  let isEmpty = true;
  try {
    for await (const line of read(file)) {
      isEmpty = false;
      yield line;
    }
    if (isEmpty) throw unreadable(`${file} holds no account: ${emptyBecause}`);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof NotTextError) throw unreadable(`${file} ${error.message}`, error);
    const { code, name, message } = error as NodeJS.ErrnoException;
    throw unreadable(name === 'DatabaseRefusedError' ? message : `${file} cannot be read (${code ?? message})`, error);
  }
}

async function* fromJsonLines(file: string): AsyncGenerator<ImportLine | UnreadableLine> {
  const { LONGEST_LINE, splitLines } = await import('@authsvc/client/split-lines');
  let line = 0;
  for await (const text of splitLines(readText(file))) {
    line += 1;
    if (text === undefined) {
      yield { line, refused: `longer than ${LONGEST_LINE} characters` };
    } else if (text.trim() !== '') {
      const fields = parseObject(text);
      const hint = line === 1 && !text.startsWith('{') ? '; a CSV file is read with --from csv' : '';
      yield fields ? toImportLine(line, fields) : { line, refused: `not JSON${hint}` };
    }
  }
}

async function* fromCsv(file: string): AsyncGenerator<ImportLine | UnreadableLine> {
  let isNamed = false;
  for await (const record of readCsv(readText(file), assertColumns)) {
    yield 'refused' in record ? record : toImportLine(record.line, record.fields);
  }
  if (!isNamed) throw unreadable(`${file} holds no account: no line names the columns`);

  function assertColumns(names: readonly string[]): void {
    isNamed = true;
    if (names.includes('email') && names.some((name) => HASH_NAMES.includes(name))) return;
    throw unreadable(`The first line of ${file} must name the columns, email and password_hash among them`);
  }
}

async function* fromFlask(file: string): AsyncGenerator<ImportLine | UnreadableLine> {
  // SQLite does not report a missing file.
  await access(file, constants.R_OK);
  const { readFlaskUsers } = await import('@authsvc/core');
  for await (const { id, email, passwordHash } of readFlaskUsers(file)) {
    yield toImportLine(id, { email, password_hash: passwordHash });
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
}

function toImportLine(line: number, fields: Record<string, unknown>): ImportLine | UnreadableLine {
  const { email, created_at, disabled_at, role, email_verified, totp, recovery_codes } = fields;
  const hash = HASH_NAMES.map((name) => fields[name]).find((value) => typeof value === 'string');
  if (typeof email !== 'string' || typeof hash !== 'string')
    return { line, refused: 'email and password_hash are needed' };
  // The decoder's replacement for bytes that are not UTF-8.
  if (`${email}${hash}`.includes('\uFFFD')) {
    return { line, refused: 'not UTF-8: save the file as UTF-8, and import it again' };
  }
  return {
    line,
    email: email.trim(),
    password_hash: hash.trim(),
    created_at: time(created_at),
    disabled_at: time(disabled_at),
    role: role === undefined || isNone(role) ? undefined : String(role).trim(),
    email_verified: truth(email_verified),
    // Anything but a factor is refused: without it, the password alone would log in.
    totp: isNoFactor(totp) ? undefined : (totp as ImportLine['totp']),
    recovery_codes: isNoFactor(recovery_codes) ? undefined : (recovery_codes as ImportLine['recovery_codes']),
  };
}

/** How databases write a missing time: MySQL's dumps, PostgreSQL's COPY, and zero in many forms. */
const NO_TIME = /^(null|\\N|[-0:. TZ]*)$/i;

/** The daemon checks that it is a time; an empty field is none. */
function time(value: unknown): string | undefined {
  const text = String(value ?? '').trim();
  return NO_TIME.test(text) ? undefined : text;
}

/** An empty list is text without characters too, but no missing value. */
function isNoFactor(value: unknown): boolean {
  return typeof value !== 'object' ? isNone(value) : value === null;
}

/** How databases and spreadsheets write a missing value. */
function isNone(value: unknown): boolean {
  return /^(null|\\N|)$/i.test(String(value ?? '').trim());
}

/** How databases and spreadsheets write yes and no; the daemon refuses anything else. */
const TRUTH = new Map<unknown, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((word) => [word, false] as const),
]);

function truth(value: unknown): boolean | undefined {
  if (isNone(value)) return undefined;
  if (typeof value !== 'string') return value as boolean;
  return TRUTH.get(value.trim().toLowerCase()) ?? (value as unknown as boolean);
}

function unreadable(what: string, cause?: unknown): CliError {
  return new CliError({ status: exitStatus.usage, code: 'unreadable_file', what, cause });
}
