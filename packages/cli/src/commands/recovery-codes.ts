import { accessSync, closeSync, constants, fsyncSync, lstatSync, openSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import { CliError, type LostOutput, toPathError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** From here on, their owner is reminded to make new ones. */
export const FEW_CODES = 3;

/** The option of the commands that make recovery codes. */
export const CODES_FILE = [
  '--codes-file <path>',
  'write the recovery codes to a new file that only you can read, not to standard output',
] as const;

/** Say how many recovery codes are left, with a warning where they are few. */
export function tellCodesLeft(terminal: Terminal, left: number): void {
  const count = left === 1 ? 'One recovery code is' : `${left === 0 ? 'No' : left} recovery codes are`;
  if (left > FEW_CODES) {
    terminal.succeed(`${count} left`);
    return;
  }
  const next = terminal.describeNext({ say: 'make new ones', command: shell`authsvc mfa codes` });
  terminal.warn(`${count} left; ${next}`);
}

/**
 * Check, before anything is sent, that a file can be made: otherwise the codes would be printed.
 *
 * @throws {@link CliError} `file_exists`; `path_unusable`: its folder is missing, is none, or may
 * not be written to; `usage`: a path without a file name.
 */
export function assertNewFile(path: string | undefined): void {
  if (path === undefined) return;
  if (path === '' || path.endsWith('/')) throw usageError(`--codes-file is the path of a new file, and not "${path}"`);
  // Behind the slash, a file in the place of the folder is an error.
  accessSync(`${dirname(path)}/`, constants.W_OK | constants.X_OK);
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  throw new CliError({
    status: exitStatus.refused,
    code: 'file_exists',
    what: `${path} exists already`,
    why: 'Recovery codes are written to a new file only.',
    next: { say: 'Choose another path with --codes-file' },
  });
}

/**
 * Hand over recovery codes, which are shown once: in a file if there is a path, otherwise on
 * standard output, and there too if the file cannot be written.
 *
 * @returns the file's path, or `null`.
 */
export function deliverCodes(terminal: Terminal, codes: readonly string[], path: string | undefined): string | null {
  if (path !== undefined) {
    try {
      writeNewFile(path, `${codes.join('\n')}\n`);
      return path;
    } catch (error) {
      terminal.warn(`${toPathError(error)?.message ?? String(error)}: the recovery codes are printed instead`);
    }
  }
  terminal.printLines(...codes);
  return null;
}

/** The keys of `--json` for what {@link deliverCodes} did. */
export function codesAsJson(codes: readonly string[], path: string | null) {
  return { recovery_codes: path === null ? codes : null, codes_file: path };
}

/** The error where standard output does not take them. */
export const lostCodes: LostOutput = {
  what: 'The recovery codes',
  why: 'They are lost, since the service does not keep them.',
  next: { say: 'Make new ones', command: shell`authsvc mfa codes` },
};

/** What to do with them. */
export function adviceOn(path: string | null): string {
  const place = path === null ? 'Keep these recovery codes' : `The recovery codes are in ${path}: keep them`;
  return `${place} safe: each lets you in once without the app`;
}

function writeNewFile(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
