import { isYetToCome } from '../clock-skew.ts';
import type { SessionChecks } from '../ports.ts';
import type { StaleSessions, Store } from '../store.ts';
import { createSessionUses, type SessionUses, type SessionUsesOptions } from './last-used.ts';
import type { ActiveSession } from './session.ts';

const MAX_SESSIONS = 100_000;
const MAX_BYTES = 128 * 1024 * 1024;
/**
 * An entry without its strings: 885 bytes on Node 20, for its object, keys and place in the map.
 */
const ENTRY_BYTES = 900;

export interface SessionCacheOptions extends SessionUsesOptions {
  /** Maximum number of cached sessions; the oldest entries are evicted. */
  readonly maxSessions?: number;
  /** Approximate maximum of bytes. */
  readonly maxBytes?: number;
}

/** How session checks went so far. */
export interface SessionCheckCounts {
  /** Sessions that are cached now. */
  readonly held: number;
  /** Checks that were answered from memory, and those that asked the database. */
  readonly hits: number;
  readonly misses: number;
}

/** Session checks that write their uses in batches. */
export interface BatchedSessions extends SessionChecks, Pick<SessionUses, 'flush' | 'close'> {
  counts(): SessionCheckCounts;
}

type Entry = { -readonly [Key in keyof ActiveSession]: ActiveSession[Key] } & { storedUseAt: number };

/**
 * Check sessions from memory. That is exact because one process owns the database: the store calls
 * {@link SessionChecks.forget} after each commit and before its answer, and a read that was under
 * way is repeated.
 */
export function createSessionCache(store: Store, options: SessionCacheOptions): BatchedSessions {
  const { maxSessions = MAX_SESSIONS, maxBytes = MAX_BYTES } = options;
  const uses = createSessionUses(store, options);
  const entries = new Map<string, Entry>();
  /** For each read under way, what became stale meanwhile: digests, ids of users, or 'all'. */
  const reads = new Set<Set<string>>();
  let bytes = 0;
  let hits = 0;
  let misses = 0;

  /** Read a session, and again if it became stale meanwhile. */
  async function read(tokenDigest: string): Promise<ActiveSession | undefined> {
    const ended = new Set<string>();
    reads.add(ended);
    try {
      for (;;) {
        const session = await store.findActiveSession(tokenDigest);
        if (!session) return undefined;
        // Cached before anything else can run: from now on, `forget` finds it among the entries.
        if (!['all', tokenDigest, session.userId].some((name) => ended.has(name))) return hold(session);
        ended.clear();
      }
    } finally {
      reads.delete(ended);
    }
  }

  function hold(session: ActiveSession): ActiveSession {
    const { tokenDigest } = session;
    // Another read of the same session may have been faster, and its entry has a newer use.
    const known = entries.get(tokenDigest);
    if (known) return known;
    const lastUsedAt = Math.max(session.lastUsedAt, uses.unstored(tokenDigest) ?? 0);
    const entry = { ...session, lastUsedAt, storedUseAt: session.lastUsedAt };
    if (entries.size >= maxSessions || bytes + bytesOf(entry) > maxBytes) makeRoom();
    entries.set(tokenDigest, entry);
    bytes += bytesOf(entry);
    return entry;
  }

  function drop(tokenDigest: string, entry: Entry): void {
    entries.delete(tokenDigest);
    bytes -= bytesOf(entry);
  }

  /**
   * Evict a hundredth at once: one by one, each search for the oldest entry walks over the deleted
   * ones before it (10 µs against 72 to 112).
   */
  function makeRoom(): void {
    let room = Math.ceil(entries.size / 100);
    for (const [tokenDigest, entry] of entries) {
      drop(tokenDigest, entry);
      room -= 1;
      if (room === 0) return;
    }
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
      if (!entry || (nowMs <= entry.lastUsedAt && !isYetToCome(entry.lastUsedAt, nowMs))) return;
      entry.lastUsedAt = nowMs;
      if (uses.note(tokenDigest, entry.storedUseAt, nowMs)) entry.storedUseAt = nowMs;
    },

    lastUse: (tokenDigest) => entries.get(tokenDigest)?.lastUsedAt ?? uses.unstored(tokenDigest),

    forget: (ended) => {
      for (const read of reads) read.add(nameOf(ended));
      if (ended === 'all') {
        entries.clear();
        bytes = 0;
        return;
      }
      if ('tokenDigest' in ended) {
        const entry = entries.get(ended.tokenDigest);
        if (entry) drop(ended.tokenDigest, entry);
        return;
      }
      for (const [tokenDigest, entry] of entries) if (entry.userId === ended.userId) drop(tokenDigest, entry);
    },

    counts: () => ({ held: entries.size, hits, misses }),
    flush: uses.flush,
    close: uses.close,
  };
}

/** Two bytes a character, as a domain beyond ASCII takes. */
function bytesOf({ email, role }: Entry): number {
  return ENTRY_BYTES + 2 * (email.length + role.length);
}

function nameOf(ended: StaleSessions): string {
  if (ended === 'all') return 'all';
  return 'tokenDigest' in ended ? ended.tokenDigest : ended.userId;
}
