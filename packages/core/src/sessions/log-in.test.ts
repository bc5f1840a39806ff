import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disableUser } from '../accounts/operator.ts';
import { register } from '../accounts/register.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { createGate, createTestAuth, localClient, logInUser, registerUser, type TestAuth } from '../testing/index.ts';
import { digestSecret } from '../tokens/digest.ts';
import type { Credentials } from './log-in.ts';

const credentials: Credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const wrong = new AuthError('invalid_credentials');

describe('logIn', () => {
  let auth: TestAuth;
  let user: User;

  beforeEach(async () => {
    auth = await createTestAuth();
    user = await registerUser(auth, credentials);
    auth.events.splice(0);
    auth.hasher.counts.hash = 0;
  });
  afterEach(() => auth.close());

  const countSessions = async () => (await auth.database.read('sessions').select()).length;

  it('opens a session and records it', async () => {
    const { token, session, ...loggedIn } = await logInUser(auth, { ...credentials, email: 'USER@example.com' });
    const now = auth.clock.now();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const device = { token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), expiresAt: now + 180 * 86_400_000 };
    expect(loggedIn).toEqual({ user, device });
    expect(session).toEqual({
      id: '00000000-0000-4000-8000-000000000003',
      tokenDigest: digestSecret(token),
      userId: user.id,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + 2_592_000_000,
      methods: ['password'],
      address: '127.0.0.1',
      userAgent: 'test',
    });
    expect(await auth.store.listSessions(user.id)).toEqual([session]);
    const who = { userId: user.id, emailKey: 'user@example.com', sessionId: session.id };
    expect(auth.events).toEqual([authEvent(auth.clock, 'login_succeeded', localClient, who)]);
  });

  it('opens another session each time', async () => {
    const [one, two] = [await logInUser(auth, credentials), await logInUser(auth, credentials)];
    expect(one.token).not.toBe(two.token);
    expect(await countSessions()).toBe(2);
  });

  it('compares in NFC', async () => {
    await register(auth, { ...credentials, email: 'other@example.com', password: 'secüre_password' });
    await logInUser(auth, { ...credentials, email: 'other@example.com', password: 'secu\u0308re_password' });
  });

  it.each([
    ['a wrong password', { password: 'wrong_password' }, true],
    ['an unknown email', { email: 'nobody@example.com' }, false],
    ['a password that is not Unicode', { password: 'secure_password\uD800' }, true],
    ['an empty password', { password: '' }, true],
    ['a password of 16 KiB', { password: 'p'.repeat(16_384) }, true],
  ])('refuses %s, for one comparison, and records it', async (_what, changed, isKnown) => {
    await expect(logInUser(auth, { ...credentials, ...changed })).rejects.toEqual(wrong);
    expect(auth.hasher.counts).toEqual({ hash: 0, verify: 1 });
    expect(await countSessions()).toBe(0);
    const { email: emailKey } = { ...credentials, ...changed };
    const who = { userId: isKnown ? user.id : undefined, emailKey };
    expect(auth.events).toEqual([authEvent(auth.clock, 'login_failed', localClient, who)]);
  });

  it('refuses a disabled account as it refuses a wrong password', async () => {
    await disableUser(auth, user.email);
    await expect(logInUser(auth, credentials)).rejects.toEqual(wrong);
    expect(auth.hasher.counts.verify).toBe(1);
  });

  it.each([
    ['there is no account', { email: 'nobody@example.com' }],
    // bcrypt would take it for U+FFFD.
    ['the password is not Unicode', { password: 'secure_\uD800' }],
  ])('compares with nothing where %s', async (_where, changed) => {
    const verify = vi.fn(auth.hasher.verify);
    const given = { ...credentials, ...changed };
    await expect(logInUser({ ...auth, hasher: { ...auth.hasher, verify } }, given)).rejects.toEqual(wrong);
    expect(verify.mock.calls).toEqual([[given.password, undefined, { isKnown: false }]]);
  });

  it('writes nothing when the hashers are busy', async () => {
    const overloaded = new AuthError('overloaded', { retryAfterSeconds: 1 });
    const takePlace = () => {
      throw overloaded;
    };
    const hasher = { ...auth.hasher, takePlace };
    await expect(logInUser({ ...auth, hasher }, credentials)).rejects.toBe(overloaded);
    expect(await countSessions()).toBe(0);
    expect(auth.events).toEqual([]);
  });

  it.each(['a reset', 'an operator who disables the account'])(
    'opens no session when %s comes between the comparison and the session',
    async (what) => {
      const compared = createGate();
      const goOn = createGate();
      const verify: typeof auth.hasher.verify = async (password, passwordHash) => {
        const matches = await auth.hasher.verify(password, passwordHash);
        compared.open();
        await goOn.opened;
        return matches;
      };
      const loggingIn = logInUser({ ...auth, hasher: { ...auth.hasher, verify } }, credentials);
      await compared.opened;
      if (what === 'a reset') {
        const asked = await requestPasswordReset(auth, credentials);
        const resetToken = 'resetToken' in asked ? asked.resetToken : '';
        await resetPassword(auth, { ...credentials, resetToken, newPassword: 'new_secure_password' });
      } else {
        await disableUser(auth, user.email);
      }
      goOn.open();
      await expect(loggingIn).rejects.toEqual(wrong);
      expect(await countSessions()).toBe(0);
    },
  );

  describe('with a hash that is due for a new one', () => {
    const better = () => ({
      ...auth.hasher,
      verify: async (password: string, hash: string | undefined) =>
        hash === `cheap:${password}` || hash === `better:${password}`,
      needsRehash: (hash: string) => !hash.startsWith('better:'),
      hash: async (password: string) => `better:${password}`,
    });

    it('stores a better one', async () => {
      const { session } = await logInUser({ ...auth, hasher: better() }, credentials);
      const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
      expect(auth.events).toEqual([
        authEvent(auth.clock, 'password_rehashed', localClient, { userId: user.id, emailKey: user.emailKey }),
        authEvent(auth.clock, 'login_succeeded', localClient, who),
      ]);
      expect((await auth.store.findUserById(user.id))?.passwordHash).toBe('better:secure_password');
    });

    it('lets in all who log in at once', async () => {
      const ports = { ...auth, hasher: better() };
      await Promise.all([logInUser(ports, credentials), logInUser(ports, credentials), logInUser(ports, credentials)]);
      expect(await countSessions()).toBe(3);
      expect(auth.events.filter(({ type }) => type === 'password_rehashed')).toHaveLength(1);
    });

    it('lets the owner in when the hashers are too busy for it', async () => {
      const takePlace = vi
        .fn(auth.hasher.takePlace)
        .mockImplementationOnce(auth.hasher.takePlace)
        .mockImplementationOnce(() => {
          throw new AuthError('overloaded', { retryAfterSeconds: 1 });
        });
      await logInUser({ ...auth, hasher: { ...better(), takePlace } }, credentials);
      expect(takePlace).toHaveBeenCalledTimes(2);
      expect((await auth.store.findUserById(user.id))?.passwordHash).toBe('cheap:secure_password');
    });
  });
});
