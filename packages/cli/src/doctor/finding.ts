import { CliError, type NextStep } from '../errors.ts';

/**
 * The result of one check. A `warning` is allowed, but worth knowing; a `problem` keeps something
 * from working, or from being safe.
 */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was found, without a full stop or a secret. */
  readonly message: string;
  /** How to fix it; always set for a problem. */
  readonly remedy?: NextStep | undefined;
}

export const ok = (message: string): Finding => ({ state: 'ok', message });
export const warning = (message: string, remedy?: NextStep): Finding => ({ state: 'warning', message, remedy });
export const problem = (message: string, remedy: NextStep): Finding => ({ state: 'problem', message, remedy });

/** An error in a check is a finding too. */
export function findingOf(error: unknown): Finding {
  const again = { say: 'For more, run authsvc doctor --debug' };
  if (!(error instanceof CliError)) return problem(error instanceof Error ? error.message : String(error), again);
  const why = error.why?.replace(/\.$/, '');
  return problem(why === undefined ? error.message : `${error.message}: ${why}`, error.next ?? again);
}
