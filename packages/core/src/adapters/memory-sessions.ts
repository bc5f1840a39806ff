import type { ActiveSessions, Store } from '../ports.ts';
import type { ActiveSession } from '../session.ts';

const MAX_SESSIONS = 100_000;
const FLUSH_INTERVAL_MS = 5000;
/** `last_used_at` on disk lags by this at most, so that a busy session costs one write a minute. */
const USE_PRECISION_MS = 60_000;

export interface MemorySessionsOptions {
  /** How many sessions are held; the one that came first makes room. */
  readonly maxSessions?: number;
  /** `last_used_at` on disk lags by a minute, or a tenth of this if that is shorter. */
  readonly idleMs: number;
  readonly onFlushError: (error: unknown) => void;
}

export interface MemorySessions extends ActiveSessions {
  /** Writes the uses that are not yet stored. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

type Entry = { -readonly [Key in keyof ActiveSession]: ActiveSession[Key] } & { storedUseAt: number };

/**
 * Session checks from memory, exact because one process owns the database: every end of a session goes through {@link ActiveSessions.forget}, after its commit
 * and before its answer, and a read that was under way meanwhile is made again.
 */
export function createMemorySessions(store: Store, options: MemorySessionsOptions): MemorySessions {
  const { maxSessions = MAX_SESSIONS, idleMs, onFlushError } = options;
  const usePrecisionMs = Math.min(USE_PRECISION_MS, idleMs / 10);
  const entries = new Map<string, Entry>();
  let unstoredUses = new Map<string, number>();
  /** What the last save took along; a read that began before its commit has not seen it. */
  let takenUses: ReadonlyMap<string, number> = new Map();
  let lastSave = Promise.resolve();
  let forgotten = 0;

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
    const lastUsedAt = Math.max(
      session.lastUsedAt,
      takenUses.get(tokenDigest) ?? 0,
      unstoredUses.get(tokenDigest) ?? 0,
    );
    const entry = { ...session, lastUsedAt, storedUseAt: session.lastUsedAt };
    const [oldest] = entries.keys();
    if (entries.size >= maxSessions && oldest !== undefined) entries.delete(oldest);
    entries.set(tokenDigest, entry);
    return entry;
  }

  async function save(): Promise<void> {
    const uses = unstoredUses;
    if (uses.size === 0) return;
    takenUses = uses;
    unstoredUses = new Map();
    try {
      await store.saveSessionUses(uses);
    } catch (error) {
      for (const [tokenDigest, at] of uses) if (!unstoredUses.has(tokenDigest)) unstoredUses.set(tokenDigest, at);
      throw error;
    }
  }

  /** One save after the other, so that whoever waits for the last one has waited for all. */
  function flush(): Promise<void> {
    lastSave = lastSave.then(save, save);
    return lastSave;
  }

  const timer = setInterval(() => flush().catch(onFlushError), FLUSH_INTERVAL_MS);
  timer.unref();

  return {
    find: async (tokenDigest) => entries.get(tokenDigest) ?? read(tokenDigest),

    touch: ({ tokenDigest }, nowMs) => {
      const entry = entries.get(tokenDigest);
      if (!entry || nowMs <= entry.lastUsedAt) return;
      entry.lastUsedAt = nowMs;
      if (nowMs - entry.storedUseAt < usePrecisionMs) return;
      entry.storedUseAt = nowMs;
      unstoredUses.set(tokenDigest, nowMs);
    },

    lastUse: (tokenDigest) => entries.get(tokenDigest)?.lastUsedAt,

    forget: (ended) => {
      forgotten += 1;
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

    flush,

    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}
