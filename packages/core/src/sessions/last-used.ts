import { isYetToCome } from '../clock-skew.ts';
import type { Store } from '../store.ts';

/** Shorter if the idle lifetime is short, so that other instances see a use in time. */
const FLUSH_INTERVAL_MS = 5000;
const SHORTEST_FLUSH_INTERVAL_MS = 100;
/** A use is stored if it is later by this, so that a busy session costs one write a minute. */
const USE_PRECISION_MS = 60_000;

export interface SessionUsesOptions {
  /** `last_used_at` on disk lags by at most 65 s, or a fifth of this if that is shorter. */
  readonly idleMs: number;
  readonly onFlushError: (error: unknown) => void;
}

/** When sessions were last used, kept until there is a batch to write. */
export type SessionUses = ReturnType<typeof createSessionUses>;

/** Collects uses of sessions, and writes them every few seconds. */
export function createSessionUses(store: Store, { idleMs, onFlushError }: SessionUsesOptions) {
  const precisionMs = Math.min(USE_PRECISION_MS, idleMs / 10);
  let unstored = new Map<string, number>();
  /** The uses in the last save; a read that began before its commit has not seen them. */
  let taken: ReadonlyMap<string, number> = new Map();
  let lastSave = Promise.resolve();

  async function save(): Promise<void> {
    const uses = unstored;
    if (uses.size === 0) return;
    taken = uses;
    unstored = new Map();
    try {
      await store.saveSessionUses(uses);
    } catch (error) {
      for (const [tokenDigest, at] of uses) if (!unstored.has(tokenDigest)) unstored.set(tokenDigest, at);
      throw error;
    }
  }

  /** Saves run one after another, so that waiting for the last one is waiting for all. */
  function flush(): Promise<void> {
    lastSave = lastSave.then(save, save);
    return lastSave;
  }

  const flushMs = Math.max(SHORTEST_FLUSH_INTERVAL_MS, Math.min(FLUSH_INTERVAL_MS, precisionMs));
  const timer = setInterval(() => flush().catch(onFlushError), flushMs);
  timer.unref();
  return {
    /** Notes a use; false when the stored one is recent enough. */
    note: (tokenDigest: string, storedUseAt: number, nowMs: number) => {
      if (nowMs - storedUseAt < precisionMs && !isYetToCome(storedUseAt, nowMs)) return false;
      unstored.set(tokenDigest, nowMs);
      return true;
    },
    /** A use that is not stored yet, or was stored so recently that a read may have missed it. */
    unstored: (tokenDigest: string) => unstored.get(tokenDigest) ?? taken.get(tokenDigest),
    /** Writes what is not stored yet. What cannot be written now is kept for the next time. */
    flush,
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}
