import { shell } from '@authsvc/client/shell-command';
import { type Finding, ok, warning } from './finding.ts';

/** More than the network takes, and the whole second of the header. */
const TOLERATED_SECONDS = 5;

/**
 * Compares this clock with the one of a daemon.
 *
 * @param date the `Date` header of an answer of its.
 * @param askedAt and `answeredAt`, by this clock, milliseconds since 1970.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.date (whole seconds)
 */
export function checkClock(date: string | undefined, askedAt: number, answeredAt: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return warning('the daemon does not say what time it is');
  const seconds = Math.round((theirs + 500 - (askedAt + answeredAt) / 2) / 1000);
  if (Math.abs(seconds) <= TOLERATED_SECONDS) return ok('in step with the daemon');
  const direction = seconds > 0 ? 'behind' : 'ahead of';
  return warning(`${describe(Math.abs(seconds))} ${direction} the daemon: expiries are shown wrong`, {
    say: 'Set both clocks by the network',
    command: shell`timedatectl set-ntp true`,
  });
}

function describe(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
