import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { authEvent } from '../audit/event.ts';
import { authenticate } from '../sessions/authenticate.ts';
import type { LoggedIn } from '../sessions/complete-login.ts';
import type { WriteTransaction } from '../store.ts';
import { createTestAuth, localClient, logInUser, noListeners, type TestAuth } from '../testing/index.ts';
import type { Database } from './database.ts';
import { createKnexStore, type StoreListeners } from './store.ts';

const ada = { email: 'ada@example.com', password: 'secure_password', client: localClient };
const bob = { ...ada, email: 'bob@example.com' };
const NOW = Date.UTC(2030, 0, 1);
const token = { purpose: 'reset', delivery: 'answered', digest: 'token', createdAt: NOW, expiresAt: NOW + 1 } as const;
const throttle = { count: 1, until: NOW, noted: false, expiresAt: NOW };
const owed = { kind: 'reset', email: 'ada@example.com', emailKey: 'ada@example.com' } as const;
const mail = { ...owed, id: 'mail', attempts: 0, createdAt: NOW, nextAttemptAt: NOW };
const moved = { email: 'New@example.com', emailKey: 'new', emailVerified: true };

interface World {
  readonly auth: TestAuth;
  /** Two cached sessions of one user, and one of another. */
  readonly own: LoggedIn;
  readonly other: LoggedIn;
  readonly theirs: LoggedIn;
}

type Call = (transaction: WriteTransaction, world: World) => Promise<unknown>;

/** A new method does not compile before it is tried here. */
const calls = {
  lockUser: (transaction, { own }) => transaction.lockUser(own.user.id),
  lockUserByEmailKey: (transaction, { own }) => transaction.lockUserByEmailKey(own.user.emailKey),
  insertUser: (transaction, { own }) => transaction.insertUser({ ...own.user, id: 'new', emailKey: 'new@example.com' }),
  insertUsers: (transaction, { own }) => transaction.insertUsers([{ ...own.user, id: 'new', emailKey: 'new' }]),
  updateEmail: (transaction, { own }) => transaction.updateEmail(own.user.id, moved, NOW),
  setRole: (transaction, { own }) => transaction.setRole(own.user.id, 'admin', NOW),
  setEmailVerified: (transaction, { own }) => transaction.setEmailVerified(own.user.id, NOW),
  setDisabledAt: (transaction, { own }) => transaction.setDisabledAt(own.user.id, NOW),
  deleteUser: (transaction, { own }) => transaction.deleteUser(own.user.id),
  updatePasswordHash: (transaction, { own }) => transaction.updatePasswordHash(own.user.id, 'cheap:new_password', NOW),
  insertSession: (transaction, { own }) => transaction.insertSession({ ...own.session, id: 'new', tokenDigest: 'new' }),
  deleteSession: (transaction, { own }) => transaction.deleteSession(own.session.tokenDigest),
  deleteSessionById: (transaction, { own }) => transaction.deleteSessionById(own.session.id, own.user.id),
  deleteSessionsOfUser: (transaction, { own }) =>
    transaction.deleteSessionsOfUser(own.user.id, own.session.tokenDigest),
  deleteAllSessions: (transaction) => transaction.deleteAllSessions(),
  renewSession: (transaction, { own }) => {
    return transaction.renewSession(own.session.tokenDigest, { tokenDigest: 'renewed', methods: ['password', 'totp'] });
  },
  findTotp: (transaction, { own }) => transaction.findTotp(own.user.id),
  insertTotp: (transaction, { own }) => transaction.insertTotp({ userId: own.user.id, secret: 'A', lastStep: 1 }, NOW),
  takeTotpStep: (transaction, { own }) => transaction.takeTotpStep(own.user.id, 1, 2),
  deleteFactors: (transaction, { own }) => transaction.deleteFactors(own.user.id),
  replaceRecoveryCodes: (transaction, { own }) => transaction.replaceRecoveryCodes(own.user.id, ['code'], NOW),
  deleteRecoveryCodesSince: (transaction, { own }) => transaction.deleteRecoveryCodesSince(own.user.id, NOW),
  takeRecoveryCode: (transaction, { own }) => transaction.takeRecoveryCode(own.user.id, 'code'),
  savePendingTotp: (transaction, { own }) => {
    const { tokenDigest: sessionDigest, userId } = own.session;
    return transaction.savePendingTotp({ sessionDigest, userId, secret: 'A', createdAt: NOW, expiresAt: NOW + 1 });
  },
  insertPendingLogin: (transaction, { own }) => {
    const { id: userId } = own.user;
    return transaction.insertPendingLogin({ digest: 'login', userId, tries: 0, createdAt: NOW, expiresAt: NOW + 1 });
  },
  tryPendingLogin: (transaction) => transaction.tryPendingLogin('login', 5, NOW),
  deletePendingLogin: (transaction) => transaction.deletePendingLogin('login'),
  setLockedAt: (transaction, { own }) => transaction.setLockedAt(own.user.id, NOW),
  noteLogins: (transaction, { own }) => transaction.noteLogins(own.user.id, NOW),
  reserveAddress: (transaction, { own }) => transaction.reserveAddress(own.user.id, 'left', NOW),
  isReserved: (transaction) => transaction.isReserved('left', NOW),
  saveDevice: (transaction, { own }) => {
    const times = { createdAt: NOW, lastLoginAt: NOW, expiresAt: NOW + 1 };
    const from = { address: '127.0.0.1', userAgent: undefined };
    return transaction.saveDevice({ digest: 'device', id: 'device', userId: own.user.id, ...times, ...from }, 20);
  },
  deleteDevice: (transaction, { own }) => transaction.deleteDevice('device', own.user.id),
  deleteDevicesOfUser: (transaction, { own }) => transaction.deleteDevicesOfUser(own.user.id),
  deleteTokensAfter: (transaction, { own }) => transaction.deleteTokensAfter(own.user.id, 'not_me', NOW),
  deletePendingFactors: (transaction, { own }) => transaction.deletePendingFactors(own.user.id),
  hasSession: (transaction, { own }) => transaction.hasSession(own.session.tokenDigest),
  insertToken: (transaction, { own }) => transaction.insertToken({ ...token, userId: own.user.id }),
  trimTokens: (transaction, { own }) => transaction.trimTokens({ ...token, userId: own.user.id }, 0, NOW),
  takeToken: (transaction, { own }) => transaction.takeToken({ ...token, userId: own.user.id }, NOW),
  deleteToken: (transaction) => transaction.deleteToken('token'),
  deleteTokens: (transaction, { own }) => transaction.deleteTokens({ userId: own.user.id }, ['reset']),
  noteTokenMailed: (transaction) => transaction.noteTokenMailed('token', NOW),
  countMailedTokens: (transaction, { own }) => transaction.countMailedTokens({ userId: own.user.id }, 'reset', NOW),
  lockThrottle: (transaction) => transaction.lockThrottle('key'),
  saveThrottle: (transaction) => transaction.saveThrottle('key', throttle),
  clearThrottles: (transaction) => transaction.clearThrottles(['key']),
  rememberAddress: (transaction, { own }) =>
    transaction.rememberAddress(own.user.id, '192.0.2.1', NOW, { isLogin: true }),
  forgetAddresses: (transaction, { own }) => transaction.forgetAddresses(own.user.id),
  addMail: (transaction) => transaction.addMail(mail),
  claimMail: (transaction) => transaction.claimMail(NOW, () => NOW),
  isOtherMailRetried: (transaction) => transaction.isOtherMailRetried(mail, 1),
  deleteMail: (transaction) => transaction.deleteMail(mail.id),
  deleteMails: (transaction, { own }) => transaction.deleteMails({ userId: own.user.id }, ['email_change']),
  deleteMailsAfter: (transaction, { own }) => transaction.deleteMailsAfter(own.user.id, NOW),
  addEvent: (transaction, { auth }) => transaction.addEvent(authEvent(auth.clock, 'login_failed', localClient)),
} satisfies Record<keyof WriteTransaction, Call>;

describe('a cached session', () => {
  let world: World;

  beforeEach(async () => {
    const auth = await createTestAuth();
    for (const person of [ada, bob]) await register(auth, person);
    world = {
      auth,
      own: await logInUser(auth, ada),
      other: await logInUser(auth, ada),
      theirs: await logInUser(auth, bob),
    };
    for (const { token } of [world.own, world.other, world.theirs]) await authenticate(auth, token);
    expect(auth.sessions.counts().held).toBe(3);
  });
  afterEach(() => world.auth.close());

  const storeOver = (transaction: Database['transaction'], listeners: Partial<StoreListeners> = {}) => {
    const { database, sessions } = world.auth;
    return createKnexStore(
      { ...database, transaction },
      { ...noListeners, onStaleSessions: (stale) => sessions.forget(stale), ...listeners },
    );
  };

  async function expectCacheAsDatabase(): Promise<void> {
    const { auth, own, other, theirs } = world;
    for (const { session } of [own, other, theirs]) {
      const checked = await auth.sessions.find(session.tokenDigest);
      const stored = await auth.store.findActiveSession(session.tokenDigest);
      expect(checked && { ...checked, storedUseAt: undefined }).toEqual(stored);
    }
  }

  it.each(Object.entries<Call>(calls))('is as the database has it after %s', async (_name, call) => {
    await world.auth.store.write((transaction) => call(transaction, world));
    await expectCacheAsDatabase();
  });

  it.each(Object.entries<Call>(calls))('is so after %s whose answer of COMMIT was lost', async (_name, call) => {
    const store = storeOver(async (work) => {
      await world.auth.database.transaction(work);
      throw new Error('answer lost');
    });
    await expect(store.write((transaction) => call(transaction, world))).rejects.toThrow('answer lost');
    await expectCacheAsDatabase();
  });

  it('is dropped by a transaction that finds its row gone', async () => {
    const { auth, own } = world;
    await auth.database.write('sessions').delete();
    expect(await auth.store.write((transaction) => transaction.hasSession(own.session.tokenDigest))).toBe(false);
    expect(await auth.sessions.find(own.session.tokenDigest)).toBeUndefined();
  });

  it('is dropped for a try that was rolled back, and its events are not reported', async () => {
    const { auth, own } = world;
    const reported: (string | undefined)[] = [];
    const transaction: Database['transaction'] = async (work) => {
      const gaveUp = auth.database.transaction(async (trx) => {
        await work(trx);
        throw new Error('conflict');
      });
      await expect(gaveUp).rejects.toThrow('conflict');
      return auth.database.transaction(work);
    };
    let tries = 0;
    await storeOver(transaction, { onEvent: ({ detail }) => reported.push(detail) }).write(async (writing) => {
      tries += 1;
      await writing.addEvent(authEvent(auth.clock, 'login_failed', localClient, {}, `try ${tries}`));
      if (tries === 1) await writing.deleteSession(own.session.tokenDigest);
    });
    expect(reported).toEqual(['try 2']);
    expect(auth.sessions.counts().held).toBe(2);
    await expectCacheAsDatabase();
  });

  it('is dropped, and its change kept, also when listeners throw', async () => {
    const { auth, own } = world;
    const errors: unknown[] = [];
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const store = storeOver(auth.database.transaction, {
      onEvent: fail('log is full'),
      onListenerError: (error) => errors.push(error),
    });
    await store.write(async (transaction) => {
      await transaction.deleteUser(own.user.id);
      await transaction.addEvent(authEvent(auth.clock, 'user_deleted', undefined));
    });
    expect(errors).toEqual([new Error('log is full')]);
    await expectCacheAsDatabase();

    const unheard = storeOver(auth.database.transaction, {
      onStaleSessions: fail('cache is broken'),
      onListenerError: (error) => errors.push(error),
    });
    await unheard.write((transaction) => transaction.deleteAllSessions());
    expect(errors.slice(1)).toEqual([new Error('cache is broken')]);
  });
});
