import { ApiRefusal } from '@authsvc/client';
import { describeRefusal } from '../connection/service-errors.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Check } from './prompter.ts';
import type { Terminal } from './terminal.ts';

interface CodeQuestion {
  readonly terminal: Terminal;
  /** The code from `--code-stdin`, which is tried once; a prompt asks again. */
  readonly given: string | undefined;
  readonly label?: string;
  readonly check?: Check;
}

const IGNORED = /[\s\p{Z}\p{Cc}\p{Cf}\p{Pd}]/gu;

/** Whether a code is one of an authenticator app, and not a recovery code. */
export function isTotpCode(code: string): boolean {
  return /^\d{6}$/.test(code.replace(IGNORED, ''));
}

/** A quick check, so that a slip costs no try. */
const checkCode: Check = (code) =>
  isTotpCode(code) || /^[a-z2-7]{24}$/i.test(code.replace(IGNORED, ''))
    ? undefined
    : 'A code has six digits; a recovery code has 24 letters and digits';

/**
 * Submit a code, and ask for another while it is wrong.
 *
 * @throws {@link CliError} `second_factor_required`: none was given, and prompts are not possible.
 */
export async function submitCode<T>(
  { terminal, given, label = 'Code from your authenticator app, or a recovery code', check = checkCode }: CodeQuestion,
  submit: (code: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return await submit(given);
  if (!terminal.canAsk) throw codeRequired();
  for (;;) {
    const code = await terminal.askSecret({ label, check });
    try {
      return await submit(code);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== 'invalid_code') throw error;
      terminal.complain(describeRefusal(error).message);
    }
  }
}

/**
 * Submit a change, and ask for a code only if the service wants one: it counts nothing until then.
 *
 * @throws {@link CliError} as {@link submitCode}.
 */
export async function confirmWithCode<T>(
  question: CodeQuestion,
  submit: (code: string | undefined) => Promise<T>,
): Promise<T> {
  if (question.given === undefined) {
    try {
      return await submit(undefined);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== 'second_factor_required') throw error;
    }
  }
  return await submitCode(question, submit);
}

function codeRequired(): CliError {
  return new CliError({
    status: exitStatus.usage,
    code: 'second_factor_required',
    what: 'This account has a second factor: --code-stdin is required when not running interactively',
  });
}
