import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nextMailAttemptAt } from '../mail/outbox.ts';
import { createTestAuth, localClient, logInUser, registerUser, type TestAuth, testDialects } from '../testing/index.ts';

const NOW = Date.UTC(2030, 0, 1);
const byLogin = { isLogin: true };
const owed = { kind: 'registration', email: 'New@example.com', emailKey: 'new@example.com' } as const;
const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe.each(testDialects)('createKnexStore over $dialect: what is counted, owed and expires', ({ open }) => {
  let auth: TestAuth;
  let store: TestAuth['store'];
  let userId: string;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    store = auth.store;
    userId = (await registerUser(auth, credentials)).id;
  });
  afterEach(() => auth.close());

  it('keeps counters by their keys', async () => {
    const state = { count: 3, until: NOW + 1, noted: true, expiresAt: NOW + 2 };
    const unused = { count: 0, until: 0, noted: false, expiresAt: 0 };
    await store.write(async (transaction) => {
      expect(await transaction.lockThrottle('one')).toEqual(unused);
      await transaction.saveThrottle('one', state);
      expect(await transaction.lockThrottle('one')).toEqual(state);
      await transaction.lockThrottle('two');
    });
    expect(await store.findThrottles(['one', 'two', 'three'])).toEqual(
      new Map([
        ['one', state],
        ['two', unused],
      ]),
    );
    await store.write((transaction) => transaction.clearThrottles(['one', 'three']));
    expect(await store.findThrottles(['one', 'two'])).toEqual(new Map([['two', unused]]));
  });

  it('knows where a user logged in from, since when it is asked', async () => {
    await store.write((transaction) => transaction.rememberAddress(userId, '192.0.2.1', NOW, byLogin));
    await store.write((transaction) => transaction.rememberAddress(userId, '192.0.2.1', NOW + 5, byLogin));
    expect(await store.isKnownAddress(userId, '192.0.2.1', { sinceMs: NOW + 4, untilMs: NOW + 5 })).toBe(true);
    expect(await store.isKnownAddress(userId, '192.0.2.1', { sinceMs: NOW + 5, untilMs: NOW + 5 })).toBe(false);
    expect(await store.isKnownAddress(userId, '192.0.2.2', { sinceMs: NOW, untilMs: NOW + 5 })).toBe(false);
    expect(await store.isKnownAddress('', '192.0.2.1', { sinceMs: NOW, untilMs: NOW + 5 })).toBe(false);
    expect(await store.isKnownAddress(userId, '192.0.2.1', { sinceMs: NOW, untilMs: NOW + 4 })).toBe(false);
  });

  it('hands out a mail that was put off before the clock was set back', async () => {
    const later = NOW + 10 * 86_400_000;
    const mail = { ...owed, id: 'put off', attempts: 1, createdAt: later, nextAttemptAt: later };
    await store.write((transaction) => transaction.addMail(mail));
    const claimed = await store.write((transaction) => transaction.claimMail(NOW, nextMailAttemptAt));
    expect(claimed).toMatchObject({ id: 'put off', attempts: 2 });
  });

  it('hands out the mail that has been due for longest, to one at a time', async () => {
    const mail = (id: string, nextAttemptAt: number) => ({ ...owed, id, attempts: 0, createdAt: NOW, nextAttemptAt });
    await store.write(async (transaction) => {
      await transaction.addMail(mail('later', NOW + 2));
      await transaction.addMail(mail('sooner', NOW + 1));
      await transaction.addMail({ ...mail('never', NOW + 99), kind: 'invitation', role: 'admin' });
    });
    expect(await store.countOwedMails()).toBe(3);
    const claim = (nowMs: number) =>
      store.write((transaction) => transaction.claimMail(nowMs, (attempt, now) => now + attempt * 10));
    expect(await claim(NOW)).toBeUndefined();
    const claims = await Promise.all([claim(NOW + 2), claim(NOW + 2), claim(NOW + 2)]);
    // On PostgreSQL, any of the three transactions may come first.
    expect(new Set(claims)).toEqual(
      new Set([{ ...mail('sooner', NOW + 12), attempts: 1 }, { ...mail('later', NOW + 12), attempts: 1 }, undefined]),
    );
    await store.write((transaction) => transaction.deleteMail('later'));
    expect(await claim(NOW + 12)).toEqual({ ...mail('sooner', NOW + 32), attempts: 2 });
    expect(await claim(NOW + 12)).toBeUndefined();
    expect(await claim(NOW + 99)).toMatchObject({ id: 'sooner' });
    expect(await claim(NOW + 99)).toEqual({
      ...mail('never', NOW + 109),
      ...{ kind: 'invitation', role: 'admin', attempts: 1 },
    });
  });

  it('stores the uses of more sessions than one transaction takes, and never an earlier one', async () => {
    const sessions = [];
    for (let index = 0; index < 3; index += 1) sessions.push((await logInUser(auth, credentials)).session);
    const [first, second, third] = sessions.map(({ tokenDigest }) => tokenDigest);
    const unknown = Array.from({ length: 1000 }, (_, index): [string, number] => [`unknown-${index}`, NOW + 1]);
    await store.saveSessionUses(new Map([[first ?? '', NOW + 1], ...unknown, [second ?? '', NOW + 2]]));
    await store.saveSessionUses(new Map([[second ?? '', NOW + 1]]));
    const uses = await Promise.all([first, second, third].map((digest) => store.findActiveSession(digest ?? '')));
    expect(uses.map((session) => session?.lastUsedAt)).toEqual([NOW + 1, NOW + 2, NOW]);
  });

  it('deletes what has expired, so many rows at a time, and nothing else', async () => {
    const { session } = await logInUser(auth, credentials);
    const copies = ['expired', 'unused', 'good'].map((name) => ({ ...session, id: name, tokenDigest: name }));
    await store.write(async (transaction) => {
      for (const copy of copies) {
        await transaction.insertSession({
          ...copy,
          expiresAt: copy.id === 'expired' ? NOW + 10 : NOW + 100,
          lastUsedAt: copy.id === 'unused' ? NOW + 5 : NOW + 50,
        });
      }
      await transaction.deleteSession(session.tokenDigest);
      await transaction.insertToken({
        ...{ digest: 'token', purpose: 'reset', userId, delivery: 'answered' },
        ...{ createdAt: NOW, expiresAt: NOW + 10 },
      });
      for (const key of ['one', 'two', 'three']) await transaction.lockThrottle(key);
      await transaction.saveThrottle('three', { count: 1, until: 0, noted: false, expiresAt: NOW + 11 });
      await transaction.rememberAddress(userId, '127.0.0.1', NOW + 8, byLogin);
    });
    const expiry = {
      sessionsEndedBy: NOW + 10,
      sessionsUnusedSince: NOW + 5,
      addressesUnusedSince: NOW + 7,
      eventsBefore: NOW - 1,
    };
    expect(await store.deleteExpired(expiry, 1)).toBe(4);
    expect(await store.deleteExpired(expiry, 1)).toBe(1);
    expect(await store.deleteExpired(expiry, 1)).toBe(0);
    const { read } = auth.database;
    expect(await read('sessions').pluck('id')).toEqual(['good']);
    expect(await read('one_time_tokens').select()).toEqual([]);
    expect(await read('throttles').pluck('key')).toEqual(['three']);
    expect(await read('known_addresses').pluck('network')).toEqual(['127.0.0.1']);
    expect(await read('events').pluck('type')).toEqual(['user_registered', 'login_succeeded']);

    await store.deleteExpired({ ...expiry, addressesUnusedSince: NOW + 8, eventsBefore: NOW }, 10);
    expect(await read('known_addresses').select()).toEqual([]);
    expect(await read('events').select()).toEqual([]);
  });
});
