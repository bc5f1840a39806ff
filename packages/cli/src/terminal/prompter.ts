import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';

/** Says what is wrong with an answer, or `undefined` when it will do. */
export type Check = (answer: string) => string | undefined;

export interface Question {
  /** Without a colon, as in `Email`. */
  readonly label: string;
  /** Taken when the person only presses Enter. */
  readonly fallback?: string | undefined;
  readonly check: Check;
}

/** Asks a person at a terminal, again and again until the answer will do. Ctrl-C and Ctrl-D throw {@link interrupted}. */
export interface Prompter {
  askText(question: Question): Promise<string>;
  /** Shows one `*` for each character, and no key shows more. */
  askSecret(question: Question): Promise<string>;
}

/** The person has had enough: exit status 130. */
export function interrupted(cause?: unknown): CliError {
  return new CliError({ status: exitStatus.interrupted, code: 'interrupted', what: 'Cancelled', cause });
}
