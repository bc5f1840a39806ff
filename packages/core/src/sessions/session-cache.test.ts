import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { register } from '../accounts/register.ts';
import { AuthError } from '../errors.ts';
import type { Store } from '../store.ts';
import { createGate, createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';
import { logOut } from './log-out.ts';
import { type BatchedSessions, createSessionCache } from './session-cache.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const MINUTE_MS = 60_000;

describe('createSessionCache', () => {
  let auth: TestAuth;
  const opened: BatchedSessions[] = [];

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
  });
  afterEach(async () => {
    for (const sessions of opened.splice(0)) await sessions.close();
    await auth.close();
  });

  /** Sessions over the store, of which the test replaces what it wants to hold, count or break. */
  function over(
    replaced: Partial<Store>,
    options: { maxSessions?: number; maxBytes?: number; idleMs?: number } = {},
  ): BatchedSessions {
    const errors = (error: unknown) => {
      throw error;
    };
    const store = { ...auth.store, ...replaced };
    const sessions = createSessionCache(store, { idleMs: 604_800_000, onFlushError: errors, ...options });
    opened.push(sessions);
    return sessions;
  }

  /**
   * A read of a session that signals when it was made, and returns its result when the test says
   * so.
   */
  function heldRead() {
    const made = createGate();
    const handedOver = createGate();
    let reads = 0;
    const findActiveSession: Store['findActiveSession'] = async (tokenDigest) => {
      reads += 1;
      const found = await auth.store.findActiveSession(tokenDigest);
      made.open();
      await handedOver.opened;
      return found;
    };
    return { findActiveSession, made, handedOver, reads: () => reads };
  }

  const logInOnce = async () => (await logInUser(auth, credentials)).session;
  const storedUse = async (tokenDigest: string) => (await auth.store.findActiveSession(tokenDigest))?.lastUsedAt;

  it('reads a session once', async () => {
    const { tokenDigest, id, userId, createdAt, expiresAt } = await logInOnce();
    const findActiveSession = vi.fn(auth.store.findActiveSession);
    const sessions = over({ findActiveSession });
    const first = await sessions.find(tokenDigest);
    expect(first).toMatchObject({
      id,
      tokenDigest,
      userId,
      createdAt,
      expiresAt,
      lastUsedAt: createdAt,
      email: 'user@example.com',
    });
    expect(await sessions.find(tokenDigest)).toEqual(first);
    expect(findActiveSession).toHaveBeenCalledTimes(1);
  });

  it('does not remember what is not there', async () => {
    const sessions = over({});
    expect(await sessions.find('unknown')).toBeUndefined();
    const { tokenDigest } = await logInOnce();
    expect(await sessions.find(tokenDigest)).toBeDefined();
  });

  it.each(['its digest', 'its user', 'all'] as const)(
    'does not hand out what was read before it ended by %s',
    async (how) => {
      const { tokenDigest, userId } = await logInOnce();
      const read = heldRead();
      const sessions = over(read);
      const finding = sessions.find(tokenDigest);
      await read.made.opened;

      await auth.store.write((transaction) => transaction.deleteSessionsOfUser(userId));
      sessions.forget({ 'its digest': { tokenDigest }, 'its user': { userId }, all: 'all' as const }[how]);
      read.handedOver.open();

      expect(await finding).toBeUndefined();
      expect(await sessions.find(tokenDigest)).toBeUndefined();
    },
  );

  it('loses no use to a second read of the same session that took longer', async () => {
    const { tokenDigest, createdAt } = await logInOnce();
    const slow = heldRead();
    let reads = 0;
    const findActiveSession: Store['findActiveSession'] = (digest) => {
      reads += 1;
      return reads === 1 ? slow.findActiveSession(digest) : auth.store.findActiveSession(digest);
    };
    const sessions = over({ findActiveSession });
    const slowly = sessions.find(tokenDigest);
    const found = await sessions.find(tokenDigest);
    if (found) sessions.touch(found, createdAt + 1000);
    slow.handedOver.open();
    expect(await slowly).toMatchObject({ lastUsedAt: createdAt + 1000 });
    expect(sessions.lastUse(tokenDigest)).toBe(createdAt + 1000);
  });

  it('is content with a read during which other sessions ended', async () => {
    const { tokenDigest } = await logInOnce();
    const read = heldRead();
    const sessions = over(read);
    const finding = sessions.find(tokenDigest);
    await read.made.opened;
    sessions.forget({ tokenDigest: 'another' });
    sessions.forget({ userId: 'another' });
    read.handedOver.open();
    expect(await finding).toMatchObject({ tokenDigest });
    expect(read.reads()).toBe(1);
  });

  it('never answers with a session once its end was answered, with any read under way', async () => {
    const late: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      const { token } = await logInUser(auth, credentials);
      // Half the rounds find it in memory, the others read it.
      if (round % 2 === 0) await authenticate(auth, token);
      let ended = false;
      const checks = Array.from({ length: 8 }, async (_, check) => {
        for (let turn = 0; turn < check; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        const found = await Promise.resolve(authenticate(auth, token)).catch((error: AuthError) => error.code);
        if (ended && typeof found !== 'string') late.push(`round ${round}, check ${check}`);
      });
      const ending = logOut(auth, { token, client: localClient }).then(() => {
        ended = true;
      });
      await Promise.all([...checks, ending]);
      await expect(authenticate(auth, token)).rejects.toEqual(new AuthError('unauthenticated'));
    }
    expect(late).toEqual([]);
  });

  it('drops one session, all of a user, or all', async () => {
    await register(auth, { ...credentials, email: 'other@example.com' });
    const [one, two, other] = [
      await logInOnce(),
      await logInOnce(),
      (await logInUser(auth, { ...credentials, email: 'other@example.com' })).session,
    ];
    const findActiveSession = vi.fn(auth.store.findActiveSession);
    const sessions = over({ findActiveSession });
    const readAgain = async () => {
      findActiveSession.mockClear();
      for (const { tokenDigest } of [one, two, other]) await sessions.find(tokenDigest);
      return findActiveSession.mock.calls.map(([tokenDigest]) => tokenDigest);
    };
    await readAgain();
    sessions.forget({ tokenDigest: one.tokenDigest });
    expect(await readAgain()).toEqual([one.tokenDigest]);
    sessions.forget({ userId: one.userId });
    expect(await readAgain()).toEqual([one.tokenDigest, two.tokenDigest]);
    sessions.forget('all');
    expect(await readAgain()).toEqual([one.tokenDigest, two.tokenDigest, other.tokenDigest]);
  });

  it('knows each use at once, and stores one a minute', async () => {
    const session = await logInOnce();
    const { tokenDigest, createdAt } = session;
    const saveSessionUses = vi.fn(auth.store.saveSessionUses);
    const sessions = over({ saveSessionUses });
    const use = async (afterMs: number) => {
      const found = await sessions.find(tokenDigest);
      if (found) sessions.touch(found, createdAt + afterMs);
      await sessions.flush();
      return { known: sessions.lastUse(tokenDigest), stored: await storedUse(tokenDigest) };
    };
    expect(sessions.lastUse(tokenDigest)).toBeUndefined();
    expect(await use(MINUTE_MS - 1)).toEqual({ known: createdAt + MINUTE_MS - 1, stored: createdAt });
    expect(await use(MINUTE_MS)).toEqual({ known: createdAt + MINUTE_MS, stored: createdAt + MINUTE_MS });
    expect(await use(2 * MINUTE_MS - 1)).toEqual({
      known: createdAt + 2 * MINUTE_MS - 1,
      stored: createdAt + MINUTE_MS,
    });
    // A clock that was set back.
    expect(await use(0)).toEqual({ known: createdAt + 2 * MINUTE_MS - 1, stored: createdAt + MINUTE_MS });
    expect(saveSessionUses).toHaveBeenCalledTimes(1);
  });

  it('stores uses more often where the idle lifetime is short', async () => {
    const { tokenDigest, createdAt } = await logInOnce();
    const sessions = over({}, { idleMs: 10_000 });
    const found = await sessions.find(tokenDigest);
    if (found) sessions.touch(found, createdAt + 1000);
    await sessions.flush();
    expect(await storedUse(tokenDigest)).toBe(createdAt + 1000);
  });

  it('holds so many and no more, and loses no use with the one that makes room', async () => {
    const [first, second, third] = [await logInOnce(), await logInOnce(), await logInOnce()];
    const findActiveSession = vi.fn(auth.store.findActiveSession);
    const sessions = over({ findActiveSession }, { maxSessions: 2 });
    const found = await sessions.find(first.tokenDigest);
    if (found) sessions.touch(found, first.createdAt + MINUTE_MS);
    await sessions.find(second.tokenDigest);
    await sessions.find(third.tokenDigest);
    await sessions.find(second.tokenDigest);
    expect(findActiveSession).toHaveBeenCalledTimes(3);
    expect(await sessions.find(first.tokenDigest)).toMatchObject({ lastUsedAt: first.createdAt + MINUTE_MS });
    expect(findActiveSession).toHaveBeenCalledTimes(4);
  });

  it('makes room in the order in which they came, also after some have ended', async () => {
    const [first, second, third, fourth] = [await logInOnce(), await logInOnce(), await logInOnce(), await logInOnce()];
    const findActiveSession = vi.fn(auth.store.findActiveSession);
    const sessions = over({ findActiveSession }, { maxSessions: 2 });
    for (const { tokenDigest } of [first, second, third]) await sessions.find(tokenDigest);
    sessions.forget({ tokenDigest: second.tokenDigest });
    for (const { tokenDigest } of [fourth, first]) await sessions.find(tokenDigest);
    findActiveSession.mockClear();
    for (const { tokenDigest } of [fourth, first, third]) await sessions.find(tokenDigest);
    expect(findActiveSession.mock.calls).toEqual([[third.tokenDigest]]);
  });

  it('holds no more than takes so many bytes', async () => {
    const opened = [await logInOnce(), await logInOnce(), await logInOnce()];
    const sessions = over({}, { maxBytes: 1900 });
    for (const { tokenDigest } of opened) await sessions.find(tokenDigest);
    expect(sessions.counts().held).toBe(2);
    sessions.forget('all');
    for (const { tokenDigest } of opened) await sessions.find(tokenDigest);
    expect(sessions.counts().held).toBe(2);
  });

  it('holds nothing that ends right after its read, before the request goes on', async () => {
    const { tokenDigest } = await logInOnce();
    const sessions = over({
      findActiveSession: (digest) => {
        const found = auth.store.findActiveSession(digest);
        // Registered after the code that awaits the read, so it runs right after that.
        queueMicrotask(() => found.then(() => sessions.forget({ tokenDigest })));
        return found;
      },
    });
    await sessions.find(tokenDigest);
    expect(sessions.counts().held).toBe(0);
  });

  it('sees a use that is being stored', async () => {
    const { tokenDigest, createdAt } = await logInOnce();
    const saving = createGate();
    const sessions = over({ saveSessionUses: () => saving.opened });
    const found = await sessions.find(tokenDigest);
    if (found) sessions.touch(found, createdAt + MINUTE_MS);
    const flushed = sessions.flush();
    sessions.forget({ tokenDigest: 'another' });
    sessions.forget({ tokenDigest });
    expect(await sessions.find(tokenDigest)).toMatchObject({ lastUsedAt: createdAt + MINUTE_MS });
    saving.open();
    await flushed;
  });
});
