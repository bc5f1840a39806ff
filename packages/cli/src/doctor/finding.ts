import { CliError, type NextStep } from '../errors.ts';

/** What one check of `authsvc doctor` found. A `warning` is allowed and better known; a `problem` keeps something from working, or from being safe. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'problem';
  /** What is the case, without a full stop. Holds no secret. */
  readonly message: string;
  /** How to mend it; always there for a problem. */
  readonly remedy?: NextStep | undefined;
}

export const ok = (message: string): Finding => ({ state: 'ok', message });
export const warning = (message: string, remedy?: NextStep): Finding => ({ state: 'warning', message, remedy });
export const problem = (message: string, remedy: NextStep): Finding => ({ state: 'problem', message, remedy });

/** What keeps a check from looking is a finding too. */
export function findingOf(error: unknown): Finding {
  const again = { say: 'For more, run authsvc doctor --debug' };
  if (!(error instanceof CliError)) return problem(error instanceof Error ? error.message : String(error), again);
  const why = error.why?.replace(/\.$/, '');
  return problem(why === undefined ? error.message : `${error.message}: ${why}`, error.next ?? again);
}
