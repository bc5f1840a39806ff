import type { ActiveSessions, Store } from '../ports.ts';
import type { ActiveSession } from '../session.ts';
import { createSessionUses, type SessionUses, type SessionUsesOptions } from './session-uses.ts';

const MAX_SESSIONS = 100_000;

export interface MemorySessionsOptions extends SessionUsesOptions {
  /** How many sessions are held; the one that came first makes room. */
  readonly maxSessions?: number;
}

/** How session checks went so far. */
export interface SessionCheckCounts {
  /** Sessions that are held in memory now. */
  readonly held: number;
  /** Checks that were answered from there, and those that asked the database. */
  readonly hits: number;
  readonly misses: number;
}

/** Session checks that write their uses in batches. */
export interface BatchedSessions extends ActiveSessions, Pick<SessionUses, 'flush' | 'close'> {
  counts(): SessionCheckCounts;
}

type Entry = { -readonly [Key in keyof ActiveSession]: ActiveSession[Key] } & { storedUseAt: number };

/**
 * Session checks from memory, exact because one process owns the database: every end of a session goes through {@link ActiveSessions.forget}, after its commit
 * and before its answer, and a read that was under way meanwhile is made again.
 */
export function createMemorySessions(store: Store, options: MemorySessionsOptions): BatchedSessions {
  const { maxSessions = MAX_SESSIONS } = options;
  const uses = createSessionUses(store, options);
  const entries = new Map<string, Entry>();
  let forgotten = 0;
  let hits = 0;
  let misses = 0;
  // Goes on where it stopped: a new one would step over everything that has been deleted. Kept only from one eviction to the next, because it holds on to what the
  // map was.
  let oldestFirst: Iterator<string> | undefined;

  async function read(tokenDigest: string): Promise<ActiveSession | undefined> {
    let forgottenBefore: number;
    let session: ActiveSession | undefined;
    do {
      forgottenBefore = forgotten;
      session = await store.findActiveSession(tokenDigest);
    } while (forgotten !== forgottenBefore);
    if (!session) return undefined;

    // Another read of the same session may have been faster, and its use noted.
    const known = entries.get(tokenDigest);
    if (known) return known;
    const lastUsedAt = Math.max(session.lastUsedAt, uses.unstored(tokenDigest) ?? 0);
    const entry = { ...session, lastUsedAt, storedUseAt: session.lastUsedAt };
    if (entries.size >= maxSessions) makeRoom();
    entries.set(tokenDigest, entry);
    return entry;
  }

  function makeRoom(): void {
    oldestFirst ??= entries.keys();
    const oldest = oldestFirst.next();
    if (!oldest.done) entries.delete(oldest.value);
  }

  return {
    find: (tokenDigest) => {
      const entry = entries.get(tokenDigest);
      if (entry) {
        hits += 1;
        return entry;
      }
      misses += 1;
      return read(tokenDigest);
    },

    touch: ({ tokenDigest }, nowMs) => {
      const entry = entries.get(tokenDigest);
      if (!entry || nowMs <= entry.lastUsedAt) return;
      entry.lastUsedAt = nowMs;
      if (uses.note(tokenDigest, entry.storedUseAt, nowMs)) entry.storedUseAt = nowMs;
    },

    lastUse: (tokenDigest) => entries.get(tokenDigest)?.lastUsedAt ?? uses.unstored(tokenDigest),

    forget: (ended) => {
      forgotten += 1;
      oldestFirst = undefined;
      if (ended === 'all') {
        entries.clear();
        return;
      }
      if ('tokenDigest' in ended) {
        entries.delete(ended.tokenDigest);
        return;
      }
      for (const [tokenDigest, { userId }] of entries) if (userId === ended.userId) entries.delete(tokenDigest);
    },

    counts: () => ({ held: entries.size, hits, misses }),
    flush: uses.flush,
    close: uses.close,
  };
}
