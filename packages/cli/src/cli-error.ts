import type { ShellCommand } from '@authsvc/client/shell-command';
import type { ExitStatus } from './exit-status.ts';

/** The command to run next, and what running it does. */
export interface NextStep {
  /** What the command is for, as in "Log in again". */
  readonly say: string;
  /** The command itself; left out when the step is no command. */
  readonly command?: ShellCommand;
}

export interface CliErrorDetails {
  readonly status: ExitStatus;
  /** A stable word for scripts: a code of the service, or one of the command line's own. */
  readonly code: string;
  /** One sentence without a full stop: what went wrong. */
  readonly what: string;
  /** One sentence with a full stop: the reason, or what it means. */
  readonly why?: string;
  readonly next?: NextStep;
  readonly cause?: unknown;
}

/** Everything that ends a command early: it becomes three short lines on a terminal, and one object with `--json`. Holds no secret. */
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
