import { CliError, type NextStep } from './cli-error.ts';
import { exitStatus } from './exit-status.ts';

export interface LostOutput {
  /** What was to be written, as the beginning of a sentence. */
  readonly what?: string;
  readonly why?: string;
  readonly next?: NextStep;
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the terminal or the disk is gone',
  EBADF: 'it is not open for writing',
  EFBIG: 'the file may not grow any further',
};

/** The end of a command whose results could not be written. */
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
