import type { AuthPorts } from './ports.ts';
import { KNOWN_ADDRESS_MS } from './throttling/throttle.ts';

/** Rows per batch, so that no login waits long for the write lock. */
const ROWS_PER_STEP = 500;

/** `last_used_at` in the store lags behind what is known in memory by less than this. */
const USE_LAG_MS = 120_000;

/**
 * Delete expired sessions, tokens, counters, known addresses and events, a batch at a time.
 *
 * @returns how many rows were deleted.
 */
export async function deleteExpired(ports: AuthPorts): Promise<number> {
  const now = ports.clock.now();
  const { lifetimes, eventRetentionMs } = ports.policy;
  let total = 0;
  let deleted: number;
  do {
    deleted = await ports.store.deleteExpired(
      {
        sessionsEndedBy: now,
        sessionsUnusedSince: now - lifetimes.idleMs - USE_LAG_MS,
        addressesUnusedSince: now - KNOWN_ADDRESS_MS,
        eventsBefore: now - eventRetentionMs,
      },
      ROWS_PER_STEP,
    );
    total += deleted;
  } while (deleted > 0);
  return total;
}
