import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { register } from '../accounts/register.ts';
import { AuthError } from '../errors.ts';
import type { Store } from '../store.ts';
import { createGate, createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';
import { createSessionUses, type SessionUses } from './last-used.ts';
import { logOut } from './log-out.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const MINUTE_MS = 60_000;

describe('createSessionUses', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
  });
  afterEach(() => auth.close());

  function over(replaced: Partial<Store>, idleMs = 604_800_000): SessionUses {
    const onFlushError = (error: unknown) => {
      throw error;
    };
    return createSessionUses({ ...auth.store, ...replaced }, { idleMs, onFlushError });
  }

  const logInOnce = async () => (await logInUser(auth, credentials)).session;
  const storedUse = async (tokenDigest: string) => (await auth.store.findActiveSession(tokenDigest))?.lastUsedAt;

  it('takes note of one use a minute, and stores it', async () => {
    const { tokenDigest, createdAt } = await logInOnce();
    const uses = over({});
    expect(uses.note(tokenDigest, createdAt, createdAt + MINUTE_MS - 1)).toBe(false);
    expect(uses.unstored(tokenDigest)).toBeUndefined();
    expect(uses.note(tokenDigest, createdAt, createdAt + MINUTE_MS)).toBe(true);
    expect(uses.unstored(tokenDigest)).toBe(createdAt + MINUTE_MS);
    expect(await storedUse(tokenDigest)).toBe(createdAt);
    await uses.close();
    expect(await storedUse(tokenDigest)).toBe(createdAt + MINUTE_MS);
  });

  it('takes note more often where the idle lifetime is short', async () => {
    const uses = over({}, 10_000);
    expect([uses.note('one', 0, 999), uses.note('one', 0, 1000)]).toEqual([false, true]);
    await uses.close();
  });

  it('keeps what could not be stored, and a newer use before it', async () => {
    const [one, two] = [await logInOnce(), await logInOnce()];
    const failure = new AuthError('database_unavailable');
    const saving = createGate();
    const failed = createGate();
    const saveSessionUses = vi.fn(auth.store.saveSessionUses).mockImplementationOnce(async () => {
      saving.open();
      await failed.opened;
      throw failure;
    });
    const uses = over({ saveSessionUses });
    for (const { tokenDigest, createdAt } of [one, two]) uses.note(tokenDigest, createdAt, createdAt + MINUTE_MS);
    const failing = uses.flush();
    await saving.opened;
    uses.note(two.tokenDigest, two.createdAt, two.createdAt + 2 * MINUTE_MS);
    failed.open();
    await expect(failing).rejects.toBe(failure);

    await uses.flush();
    expect(await storedUse(one.tokenDigest)).toBe(one.createdAt + MINUTE_MS);
    expect(await storedUse(two.tokenDigest)).toBe(two.createdAt + 2 * MINUTE_MS);
    await uses.close();
  });

  it('writes nothing where nothing was used', async () => {
    const saveSessionUses = vi.fn(auth.store.saveSessionUses);
    const uses = over({ saveSessionUses });
    await uses.flush();
    await uses.close();
    expect(saveSessionUses).not.toHaveBeenCalled();
  });

  it('stores what is left when it closes, after the save that is under way', async () => {
    const saving = createGate();
    const saves: number[] = [];
    const uses = over({
      saveSessionUses: async (batch) => {
        const values = [...batch.values()];
        await saving.opened;
        saves.push(...values);
      },
    });
    uses.note('one', 0, MINUTE_MS);
    const closed = uses.flush().then(() => undefined);
    await Promise.resolve();
    uses.note('two', 0, 2 * MINUTE_MS);
    const closing = uses.close();
    saving.open();
    await Promise.all([closed, closing]);
    expect(saves).toEqual([MINUTE_MS, 2 * MINUTE_MS]);
  });

  it('waits, when it closes, for a save that is under way', async () => {
    const saving = createGate();
    const saved = createGate();
    const uses = over({
      saveSessionUses: () => {
        saving.open();
        return saved.opened;
      },
    });
    uses.note('one', 0, MINUTE_MS);
    const flushing = uses.flush();
    await saving.opened;
    let closed = false;
    const closing = uses.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    saved.open();
    await Promise.all([flushing, closing]);
  });

  it('does not bring a session back by storing its last use', async () => {
    const { token, session } = await logInUser(auth, credentials);
    auth.clock.advance(MINUTE_MS);
    await authenticate(auth, token);
    await logOut(auth, { token, client: localClient });
    await auth.sessions.flush();
    expect(await auth.database.read('sessions').where({ id: session.id })).toEqual([]);
  });

  it('stores by itself every five seconds, and tells of a failure', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const failure = new AuthError('database_unavailable');
      const reported = new Promise((resolve) => {
        const store = { ...auth.store, saveSessionUses: () => Promise.reject(failure) };
        const uses = createSessionUses(store, { idleMs: 604_800_000, onFlushError: resolve });
        uses.note('one', 0, MINUTE_MS);
        vi.advanceTimersByTime(5000);
      });
      expect(await reported).toBe(failure);
    } finally {
      vi.useRealTimers();
    }
  });
});
