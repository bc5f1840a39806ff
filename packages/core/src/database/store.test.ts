import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { Session } from '../sessions/session.ts';
import { createTestAuth, type TestAuth, testDialects } from '../testing/index.ts';
import { fromSession } from './sessions.ts';

const NOW = Date.UTC(2030, 0, 1);

function userOf(name: string, changed: Partial<User> = {}): User {
  return {
    id: `id-of-${name}`,
    email: `${name}@Example.com`,
    emailKey: `${name}@example.com`,
    passwordHash: 'cheap:secure_password',
    role: 'user',
    emailVerified: false,
    secondFactorAt: undefined,
    lockedAt: undefined,
    noticedSince: undefined,
    disabledAt: undefined,
    createdAt: NOW,
    updatedAt: NOW,
    ...changed,
  };
}

function sessionOf(user: User, name: string, changed: Partial<Session> = {}): Session {
  return {
    id: `id-of-${name}`,
    tokenDigest: `digest-of-${name}`,
    userId: user.id,
    createdAt: NOW,
    lastUsedAt: NOW,
    expiresAt: NOW + 1000,
    methods: ['password'],
    address: '127.0.0.1',
    userAgent: undefined,
    ...changed,
  };
}

describe.each(testDialects)('createKnexStore over $dialect', ({ open }) => {
  let auth: TestAuth;
  let store: TestAuth['store'];
  const user = userOf('user');
  const other = userOf('other', { disabledAt: NOW + 5, updatedAt: NOW + 6 });

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    store = auth.store;
    await store.write(async (transaction) => {
      await transaction.insertUser(user);
      await transaction.insertUser(other);
    });
  });
  afterEach(() => auth.close());

  it('gives back the users that it was given', async () => {
    expect(await store.findUserByEmailKey('user@example.com')).toEqual(user);
    expect(await store.findUserById(other.id)).toEqual(other);
    expect(await store.findUserByEmailKey('nobody@example.com')).toBeUndefined();
    expect(await store.findUserById('nobody')).toBeUndefined();
  });

  it.each(["' OR 1=1--", "'; DROP TABLE users;--", '%', '', '🔑'])(
    'takes %j for a value, never for SQL',
    async (value) => {
      expect(await store.findUserByEmailKey(value)).toBeUndefined();
      expect(await store.findActiveSession(value)).toBeUndefined();
      expect(await store.findToken(value, ['reset'])).toBeUndefined();
      expect(await store.listUsers({ search: `${value}\\`, limit: 10 })).toEqual([]);
      expect(await store.write((transaction) => transaction.deleteSession(value))).toBeUndefined();
      expect(await store.findUserById(user.id)).toEqual(user);
    },
  );

  it('keeps an email for the first who takes it', async () => {
    const second = userOf('user', { id: 'another-id', passwordHash: 'cheap:other_password' });
    expect(await store.write((transaction) => transaction.insertUser(second))).toBe(false);
    expect(await store.findUserByEmailKey('user@example.com')).toEqual(user);
    expect(await store.findUserById('another-id')).toBeUndefined();
  });

  it('inserts those whose emails are free, as many as a batch holds', async () => {
    const batch = Array.from({ length: 500 }, (_, index) => userOf(`imported${index}`));
    await store.write((transaction) => transaction.insertUsers(batch.slice(0, 3)));
    const inserted = await store.write((transaction) => transaction.insertUsers(batch));
    expect(inserted).toEqual(new Set(batch.slice(3).map(({ emailKey }) => emailKey)));
    const keys = batch.map(({ emailKey }) => emailKey);
    expect(await store.findTakenKeys([...keys, 'nobody@example.com'], 0)).toEqual(new Set(keys));
  });

  it('pages through users, and finds some by a part of their email', async () => {
    const keysOf = async (page: Parameters<typeof store.listUsers>[0]) =>
      (await store.listUsers(page)).map(({ emailKey }) => emailKey);
    expect(await keysOf({ limit: 1 })).toEqual(['other@example.com']);
    expect(await keysOf({ limit: 1, afterEmailKey: 'other@example.com' })).toEqual(['user@example.com']);
    expect(await keysOf({ limit: 9, search: 'USER' })).toEqual(['user@example.com']);
    expect(await keysOf({ limit: 9, search: '_' })).toEqual([]);
  });

  it('changes what it should of one user, and nothing of another', async () => {
    const moved = { email: 'New@example.com', emailKey: 'new@example.com', emailVerified: true };
    await store.write(async (transaction) => {
      await transaction.updatePasswordHash(user.id, 'cheap:new_password', NOW + 1);
      expect(await transaction.updateEmail(user.id, moved, NOW + 2)).toBe(true);
      expect(await transaction.updateEmail(user.id, other, NOW + 3)).toBe(false);
      await transaction.setDisabledAt(user.id, NOW + 4);
    });
    expect(await store.findUserById(user.id)).toEqual({
      ...user,
      email: 'New@example.com',
      emailKey: 'new@example.com',
      emailVerified: true,
      passwordHash: 'cheap:new_password',
      disabledAt: NOW + 4,
      updatedAt: NOW + 2,
    });
    expect(await store.findUserById(other.id)).toEqual(other);
  });

  it("gives a session back with its owner's email, unless the owner is disabled", async () => {
    const session = sessionOf(user, 'one', { userAgent: 'test', expiresAt: NOW + 9 });
    await store.write(async (transaction) => {
      await transaction.insertSession(session);
      await transaction.insertSession(sessionOf(other, 'two'));
    });
    const { address: _address, userAgent: _userAgent, ...known } = session;
    expect(await store.findActiveSession('digest-of-one')).toEqual({
      ...known,
      email: user.email,
      emailVerified: false,
      role: 'user',
      userCreatedAt: NOW,
    });
    expect(await store.findActiveSession('digest-of-two')).toBeUndefined();
    expect(await store.listSessions(user.id)).toEqual([session]);
  });

  it('deletes a session once, and says whose it was', async () => {
    await store.write(async (transaction) => {
      for (const name of ['one', 'two', 'three']) await transaction.insertSession(sessionOf(user, name));
      await transaction.insertSession(sessionOf(other, 'four'));
    });
    await store.write(async (transaction) => {
      expect(await transaction.deleteSession('digest-of-one')).toEqual({ id: 'id-of-one', userId: user.id });
      expect(await transaction.deleteSession('digest-of-one')).toBeUndefined();
      expect(await transaction.hasSession('digest-of-one')).toBe(false);
      expect(await transaction.hasSession('digest-of-two')).toBe(true);
      expect(await transaction.deleteSessionById('id-of-two', other.id)).toBeUndefined();
      expect(await transaction.deleteSessionById('id-of-two', user.id)).toBe('digest-of-two');
      expect(await transaction.deleteSessionById('id-of-two', user.id)).toBeUndefined();
      expect(await transaction.deleteSessionsOfUser(user.id, 'digest-of-three')).toBe(0);
      expect(await transaction.deleteSessionsOfUser(user.id)).toBe(1);
      expect(await transaction.deleteAllSessions()).toBe(1);
    });
  });

  it('deletes all sessions, more than one statement takes', async () => {
    const rows = Array.from({ length: 10_050 }, (_, index) => fromSession(sessionOf(user, `many${index}`)));
    for (let start = 0; start < rows.length; start += 500) {
      await auth.database.write('sessions').insert(rows.slice(start, start + 500));
    }
    expect(await store.write((transaction) => transaction.deleteAllSessions())).toBe(10_050);
    expect(await store.write((transaction) => transaction.deleteAllSessions())).toBe(0);
  });

  const token = { purpose: 'reset', delivery: 'mailed', createdAt: NOW, expiresAt: NOW + 10 } as const;

  it('lets a one-time token be used once, by its owner, before it expires', async () => {
    const ours = { ...token, digest: 'digest', userId: user.id };
    await store.write((transaction) => transaction.insertToken(ours));
    expect(await store.findToken('digest', ['reset', 'invitation'])).toEqual(ours);
    await store.write(async (transaction) => {
      expect(await transaction.takeToken({ ...ours, digest: 'older' }, NOW)).toBe(false);
      expect(await transaction.takeToken({ ...ours, userId: other.id }, NOW)).toBe(false);
      expect(await transaction.takeToken({ ...ours, purpose: 'email_change' }, NOW)).toBe(false);
      expect(await transaction.takeToken(ours, NOW + 10)).toBe(false);
      expect(await transaction.takeToken(ours, NOW + 9)).toBe(true);
      expect(await transaction.takeToken(ours, NOW + 9)).toBe(false);
    });
    expect(await store.findToken('digest', ['reset'])).toBeUndefined();
  });

  it('keeps so many of one kind, the mailed ones before the newer, and none that has expired', async () => {
    const kind = { purpose: 'reset', delivery: 'mailed', userId: user.id } as const;
    await store.write(async (transaction) => {
      for (const [index, digest] of ['mailed', 'first', 'second', 'third'].entries()) {
        await transaction.insertToken({ ...token, ...kind, digest, createdAt: NOW + index });
      }
      await transaction.insertToken({ ...token, ...kind, digest: 'expired', expiresAt: NOW });
      await transaction.insertToken({ ...token, digest: "operator's", userId: user.id, delivery: 'printed' });
      await transaction.insertToken({ ...token, digest: "another's", userId: other.id });
      await transaction.noteTokenMailed('mailed', NOW);
      await transaction.noteTokenMailed('expired', NOW);
      expect(await transaction.countMailedTokens({ userId: user.id }, 'reset', NOW)).toBe(1);
      await transaction.trimTokens(kind, 2, NOW);
    });
    const left = () => auth.database.read('one_time_tokens').orderBy('digest').pluck('digest');
    expect(new Set(await left())).toEqual(new Set(['mailed', 'third', "operator's", "another's"]));
    await store.write((transaction) => transaction.trimTokens({ ...kind, delivery: 'printed' }, 0, NOW));
    expect(new Set(await left())).toEqual(new Set(['mailed', 'third', "another's"]));
  });

  it('deletes all that belongs to a user, but what was recorded', async () => {
    await store.write(async (transaction) => {
      await transaction.insertSession(sessionOf(user, 'one'));
      await transaction.insertToken({ ...token, digest: 'digest', userId: user.id });
      await transaction.rememberAddress(user.id, '192.0.2.1', NOW, { isLogin: true });
      await transaction.addMail({
        ...{ id: 'mail', kind: 'email_change', userId: user.id, email: 'new@example.com', emailKey: 'new@example.com' },
        ...{ attempts: 0, createdAt: NOW, nextAttemptAt: NOW },
      });
      await transaction.addEvent(authEvent(auth.clock, 'user_deleted', undefined, { userId: user.id }));
      await transaction.deleteUser(user.id);
    });
    const left = async (table: string) => (await auth.database.read(table).select()).length;
    const tables = ['users', 'sessions', 'one_time_tokens', 'known_addresses', 'mails', 'events'];
    expect(await Promise.all(tables.map(left))).toEqual([1, 0, 0, 0, 0, 1]);
  });

  it('is ready once it is migrated', async () => {
    expect(await store.isReady()).toBe(true);
    await auth.database.write('migrations').delete();
    expect(await store.isReady()).toBe(false);
  });

  it('refuses a session without a user', async () => {
    const inserting = store.write((transaction) => transaction.insertSession(sessionOf(userOf('nobody'), 'one')));
    await expect(inserting).rejects.not.toBeInstanceOf(AuthError);
  });
});
