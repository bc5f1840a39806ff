/** What is kept of one counter. Times are milliseconds since the Unix epoch. */
export interface ThrottleState {
  readonly count: number;
  /** For a window, when it ends; for a backoff, until when nothing is let through. */
  readonly until: number;
  /** Whether it was recorded that somebody is being refused, so that it is recorded once. */
  readonly noted: boolean;
  /** When the counter may be forgotten. */
  readonly expiresAt: number;
}

/** So many in a stretch of time, which begins with the first. */
interface WindowRule {
  readonly kind: 'window';
  readonly limit: number;
  readonly windowMs: number;
}

/** So many for nothing, then a delay that doubles with each further one. */
interface BackoffRule {
  readonly kind: 'backoff';
  readonly free: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly forgetAfterMs: number;
}

export type ThrottleRule = WindowRule | BackoffRule;

/** A rule, and the name under which it is counted. */
export interface Throttle {
  readonly key: string;
  readonly rule: ThrottleRule;
}

const MINUTE_MS = 60_000;

/**
 * Guesses on one account cost at most about twenty comparisons an hour, from however many addresses they come.
 *
 * @see https://pages.nist.gov/800-63-4/sp800-63b.html#throttle
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#account-lockout
 */
export const FAILED_LOGINS: BackoffRule = {
  kind: 'backoff',
  free: 4,
  firstDelayMs: 1000,
  maxDelayMs: 15 * MINUTE_MS,
  forgetAfterMs: 24 * 60 * MINUTE_MS,
};
export const LOGINS_BY_ADDRESS: WindowRule = { kind: 'window', limit: 10, windowMs: MINUTE_MS };
export const REGISTRATIONS_BY_ADDRESS: WindowRule = { kind: 'window', limit: 5, windowMs: MINUTE_MS };
export const RESET_REQUESTS_BY_ADDRESS: WindowRule = { kind: 'window', limit: 3, windowMs: MINUTE_MS };
export const RESETS_BY_ADDRESS: WindowRule = { kind: 'window', limit: 10, windowMs: MINUTE_MS };
/** So that nobody's mailbox is flooded; what lies in it already stays good. */
export const RESET_MAILS_BY_ACCOUNT: WindowRule = { kind: 'window', limit: 5, windowMs: 60 * MINUTE_MS };

/** An address that logged in to an account within this time has a counter of its own there, which no stranger can fill. */
export const KNOWN_ADDRESS_MS = 30 * 24 * 60 * MINUTE_MS;

/** How long nothing is let through, in milliseconds; 0 when the next one is. */
export function blockedForMs(rule: ThrottleRule, state: ThrottleState | undefined, nowMs: number): number {
  if (!state || nowMs >= state.until) return 0;
  if (rule.kind === 'window') return state.count >= rule.limit ? Math.min(state.until - nowMs, rule.windowMs) : 0;
  // A clock that was set back must not lengthen a delay.
  return Math.min(state.until - nowMs, rule.maxDelayMs);
}

/** The counter after one more, which {@link blockedForMs} has let through. */
export function countOne(rule: ThrottleRule, state: ThrottleState | undefined, nowMs: number): ThrottleState {
  if (rule.kind === 'window') {
    const open = state !== undefined && nowMs < state.until;
    const until = open ? state.until : nowMs + rule.windowMs;
    return { count: open ? state.count + 1 : 1, until, noted: false, expiresAt: until };
  }
  const count = state !== undefined && nowMs < state.expiresAt ? state.count + 1 : 1;
  const delayMs = count > rule.free ? Math.min(rule.firstDelayMs * 2 ** (count - rule.free - 1), rule.maxDelayMs) : 0;
  return { count, until: nowMs + delayMs, noted: false, expiresAt: nowMs + rule.forgetAfterMs };
}
