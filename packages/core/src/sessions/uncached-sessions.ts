import type { Store } from '../store.ts';
import { createSessionUses, type SessionUsesOptions } from './last-used.ts';
import type { BatchedSessions } from './session-cache.ts';

/**
 * Check sessions in the database each time, so that one ended by any instance has ended for all.
 *
 * Only the last use lags: one that another instance noted shows up within 65 s, or a fifth of the
 * idle lifetime if that is shorter.
 */
export function createUncachedSessions(store: Store, options: SessionUsesOptions): BatchedSessions {
  const uses = createSessionUses(store, options);
  let misses = 0;
  return {
    find: async (tokenDigest) => {
      misses += 1;
      const session = await store.findActiveSession(tokenDigest);
      const unstored = uses.unstored(tokenDigest) ?? 0;
      return session && unstored > session.lastUsedAt ? { ...session, lastUsedAt: unstored } : session;
    },
    touch: ({ tokenDigest, lastUsedAt }, nowMs) => {
      uses.note(tokenDigest, lastUsedAt, nowMs);
    },
    lastUse: (tokenDigest) => uses.unstored(tokenDigest),
    forget: () => {
      // Nothing is held.
    },
    counts: () => ({ held: 0, hits: 0, misses }),
    flush: uses.flush,
    close: uses.close,
  };
}
