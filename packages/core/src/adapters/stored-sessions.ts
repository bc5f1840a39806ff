import type { Store } from '../ports.ts';
import type { BatchedSessions } from './memory-sessions.ts';
import { createSessionUses, type SessionUsesOptions } from './session-uses.ts';

/** Session checks that ask the database each time, so that what ends through one instance has ended for every other. */
export function createStoredSessions(store: Store, options: SessionUsesOptions): BatchedSessions {
  const uses = createSessionUses(store, options);
  return {
    find: (tokenDigest) => store.findActiveSession(tokenDigest),
    touch: ({ tokenDigest, lastUsedAt }, nowMs) => {
      uses.note(tokenDigest, Math.max(lastUsedAt, uses.unstored(tokenDigest) ?? 0), nowMs);
    },
    lastUse: (tokenDigest) => uses.unstored(tokenDigest),
    forget: () => {
      // Nothing is held.
    },
    flush: uses.flush,
    close: uses.close,
  };
}
