/**
 * How far apart the clocks of instances that share a database may be, and how little of a clock's
 * setting back is passed over.
 */
export const CLOCK_SKEW_MS = 120_000;

/**
 * Whether something that lasts for `reachMs` at most, and until `untilMs`, is still going on. What
 * ends later than that was stored before the clock was set back, and is over.
 */
export function lasts(untilMs: number, reachMs: number, nowMs: number): boolean {
  return nowMs < untilMs && untilMs <= nowMs + reachMs + CLOCK_SKEW_MS;
}

/**
 * Whether something that is past was stored with a time that is still to come, before the clock was
 * set back.
 */
export function isYetToCome(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + CLOCK_SKEW_MS;
}
