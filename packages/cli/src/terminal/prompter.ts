import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';

/** Returns what is wrong with an answer, or `undefined`. */
export type Check = (answer: string) => string | undefined;

export interface Question {
  /** Without a colon, as in `Email`. */
  readonly label: string;
  /** The answer when only Enter is pressed. */
  readonly fallback?: string | undefined;
  readonly check: Check;
}

/** Asks until the answer passes its check. Ctrl-C and Ctrl-D throw {@link interrupted}. */
export interface Prompter {
  askText(question: Question): Promise<string>;
  /** Shows one `*` for each character; no key shows more. */
  askSecret(question: Question): Promise<string>;
}

/** Cancelled by the user: exit status 130. */
export function interrupted(cause?: unknown): CliError {
  return new CliError({ status: exitStatus.interrupted, code: 'interrupted', what: 'Cancelled', cause });
}
