import { explainPathFailure, isPathFailure } from '@authsvc/client/folders';
import { type ShellCommand, shell } from '@authsvc/client/shell-command';
import { type ExitStatus, exitStatus } from './exit-status.ts';

/** What to do next. */
export interface NextStep {
  /** As in "Log in again". */
  readonly say: string;
  /** Left out when the step is not a command. */
  readonly command?: ShellCommand;
}

export interface CliErrorDetails {
  readonly status: ExitStatus;
  /** A stable word for scripts: a code of the service, or one of the command line's own. */
  readonly code: string;
  /** One sentence without a full stop: what went wrong. */
  readonly what: string;
  /** One sentence with a full stop: the reason, or what it means. */
  readonly why?: string | undefined;
  readonly next?: NextStep | undefined;
  readonly cause?: unknown;
}

/**
 * An error that ends a command: up to three short lines on a terminal, one object with `--json`.
 * Holds no secret.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly status: ExitStatus;
  readonly code: string;
  readonly why: string | undefined;
  readonly next: NextStep | undefined;

  constructor({ status, code, what, why, next, cause }: CliErrorDetails) {
    super(what, { cause });
    this.status = status;
    this.code = code;
    this.why = why;
    this.next = next;
  }
}

/** The command line, or an environment variable that it reads, is not valid. */
export function usageError(what: string, details: Pick<CliErrorDetails, 'why' | 'next' | 'cause'> = {}): CliError {
  return new CliError({ status: exitStatus.usage, code: 'usage', what, ...details });
}

/** A page for people was asked for, and there is none. */
export function noPages(): CliError {
  return new CliError({
    status: exitStatus.refused,
    code: 'no_pages',
    what: 'This service has no pages for people',
    why: 'Its operator set AUTHSVC_PAGES to off, or it is an older version.',
  });
}

/** A factor was to be changed, and there is none. */
export function noSecondFactor(cause?: unknown, next?: NextStep): CliError {
  const what = 'This account has no second factor';
  return new CliError({ status: exitStatus.refused, code: 'not_found', what, next, cause });
}

/** `what` was to be written: the subject of the sentence. */
export type LostOutput = Partial<Pick<CliErrorDetails, 'what' | 'why' | 'next'>>;

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the terminal or the disk is gone',
  EPIPE: 'its reader has gone',
  EBADF: 'it is not open for writing',
  EFBIG: 'the file may not grow any further',
};

/** The results could not be written. */
export function lostOutput(cause: NodeJS.ErrnoException, details: LostOutput = {}): CliError {
  const { what = 'The results', ...rest } = details;
  const { code = '', message } = cause;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'output_lost',
    what: `${what} could not be written to standard output (${reasons[code] ?? message})`,
    ...rest,
    cause,
  });
}

/** Explain why a path cannot be used, and what to do. */
export function describePathFailure(path: string, cause: unknown, moveIt?: string) {
  const { why, remedy } = explainPathFailure(path, (cause as NodeJS.ErrnoException).code);
  const next: NextStep | undefined = remedy ?? (moveIt === undefined ? undefined : { say: moveIt });
  return { why: `${upperFirst(why)}.`, next: next && { ...next, say: upperFirst(next.say) } };
}

/**
 * The error of a command that could not use a file or a folder; `undefined` for any other failure.
 */
export function toPathError(error: unknown): CliError | undefined {
  if (!isPathFailure(error)) return undefined;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'path_unusable',
    what: `${error.path} cannot be used (${error.code})`,
    ...describePathFailure(error.path, error),
    cause: error,
  });
}

/** A sentence begins with a capital. */
export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Explain an error of core or server in its own words; any other error is returned as it is. They
 * are known by name, since asking by class would load core and server.
 */
export function explainRefusal(error: unknown, databaseCode: string): unknown {
  if (!(error instanceof Error)) return error;
  const codes: Readonly<Record<string, string>> = {
    DatabaseRefusedError: databaseCode,
    StartRefusedError: 'data_folder_in_use',
    ConfigError: 'usage',
  };
  const code = codes[error.name];
  if (code === undefined) return error;
  const next = { say: 'If a daemon runs, stop it first', command: shell`authsvc daemon stop` };
  return new CliError({
    status: code === 'usage' ? exitStatus.usage : exitStatus.refused,
    code,
    what: error.message,
    next: code === 'data_folder_in_use' ? next : undefined,
    cause: error,
  });
}
