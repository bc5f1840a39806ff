/**
 * How far apart the clocks of instances that share a database may be. A clock that is set back by
 * no more than this goes unnoticed.
 */
export const CLOCK_SKEW_MS = 120_000;

/**
 * Whether something that ends at `untilMs`, and lasts `reachMs` at most, is still going on. An end
 * that is further away than that was stored before the clock was set back: it counts as over.
 */
export function lasts(untilMs: number, reachMs: number, nowMs: number): boolean {
  return nowMs < untilMs && untilMs <= nowMs + reachMs + CLOCK_SKEW_MS;
}

/**
 * Whether the time at which something happened lies in the future, because it was stored before the
 * clock was set back.
 */
export function isYetToCome(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + CLOCK_SKEW_MS;
}

/** Whether something has expired, or was made before the clock was set back. */
export function isOver(made: { readonly createdAt: number; readonly expiresAt: number }, nowMs: number): boolean {
  return nowMs >= made.expiresAt || isYetToCome(made.createdAt, nowMs);
}
