import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { createTestAuth, localClient, registerUser, type TestAuth } from '../testing/index.ts';
import { register } from './register.ts';

const registration = { email: 'User@Example.com', password: 'secure_password', client: localClient };
const remoteClient = { ...localClient, address: '192.0.2.1' };

describe('register', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
  });
  afterEach(() => auth.close());

  const countUsers = async () => (await auth.database.read('users').select()).length;

  it('makes an account and records it', async () => {
    const user = await registerUser(auth, registration);
    expect(user).toEqual({
      id: '00000000-0000-4000-8000-000000000001',
      email: 'User@Example.com',
      emailKey: 'user@example.com',
      passwordHash: 'cheap:secure_password',
      role: 'user',
      emailVerified: false,
      disabledAt: undefined,
      createdAt: auth.clock.now(),
      updatedAt: auth.clock.now(),
    });
    expect(await auth.store.findUserByEmailKey('user@example.com')).toEqual(user);
    const who = { userId: user.id, emailKey: user.emailKey };
    expect(auth.events).toEqual([authEvent(auth.clock, 'user_registered', localClient, who)]);
  });

  it('hashes the password in NFC', async () => {
    const user = await registerUser(auth, { ...registration, password: 'secu\u0308re_password' });
    expect(user.passwordHash).toBe('cheap:secüre_password');
  });

  it.each(['User@Example.com', 'user@example.com', 'USER@EXAMPLE.COM'])(
    'refuses a taken email as %s, without hashing',
    async (email) => {
      await register(auth, registration);
      await expect(register(auth, { ...registration, email })).rejects.toEqual(
        new AuthError('email_taken', { field: 'email' }),
      );
      expect(auth.hasher.counts).toEqual({ hash: 1, verify: 0 });
      expect(await countUsers()).toBe(1);
    },
  );

  it('keeps addresses with different tags apart', async () => {
    await register(auth, registration);
    await register(auth, { ...registration, email: 'user+tag@example.com' });
    expect(await countUsers()).toBe(2);
  });

  it.each([
    ['an email that is none', { email: 'user' }, 'invalid_request', 'email'],
    ['a short password', { password: 'secure_' }, 'password_rejected', 'password'],
    ['the email for a password', { password: 'user@example.com' }, 'password_rejected', 'password'],
    ['a common password', { password: 'password123' }, 'password_rejected', 'password'],
  ])('refuses %s, and writes nothing', async (_what, changed, code, field) => {
    await expect(register(auth, { ...registration, ...changed })).rejects.toMatchObject({ code, field });
    expect(await countUsers()).toBe(0);
    expect(auth.events).toEqual([]);
    expect(auth.hasher.counts).toEqual({ hash: 0, verify: 0 });
  });

  it('has one winner of fifty who take an email at once', async () => {
    const attempts = Array.from({ length: 50 }, (_, index) =>
      register(auth, { ...registration, email: index % 2 === 0 ? 'user@example.com' : 'USER@example.com' }),
    );
    const outcomes = await Promise.allSettled(attempts);
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refusals).toEqual(Array.from({ length: 49 }, () => new AuthError('email_taken', { field: 'email' })));
    expect(await countUsers()).toBe(1);
    expect(auth.events.map(({ type }) => type)).toEqual(['user_registered']);
  });

  it('writes nothing when the hashers are busy', async () => {
    const overloaded = new AuthError('overloaded', { retryAfterSeconds: 1 });
    const takePlace = () => {
      throw overloaded;
    };
    const hasher = { ...auth.hasher, takePlace };
    await expect(register({ ...auth, hasher }, registration)).rejects.toBe(overloaded);
    expect(await countUsers()).toBe(0);
  });

  it('lets five a minute pass from one address, without hashing the sixth, and any number from this machine', async () => {
    const from = (client: typeof remoteClient, name: string) =>
      register(auth, { ...registration, email: `${name}@example.com`, client });
    for (let index = 0; index < 5; index += 1) await from(remoteClient, `remote${index}`);
    auth.clock.advance(59_000);
    await expect(from(remoteClient, 'sixth')).rejects.toEqual(
      new AuthError('rate_limited', {
        retryAfterSeconds: 1,
        message: 'too many attempts; try again in 1 s',
        throttled: 'registration',
      }),
    );
    expect(auth.hasher.counts.hash).toBe(5);
    await from({ ...remoteClient, address: '192.0.2.2' }, 'neighbour');
    for (let index = 0; index < 10; index += 1) await from(localClient, `local${index}`);
    auth.clock.advance(1000);
    await from(remoteClient, 'sixth');
  });
});
