import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import type { LoggedIn } from '../sessions/complete-login.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { digestSecret } from '../tokens/digest.ts';
import {
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  issueResetTokenFor,
  revokeAllSessions,
  revokeSessions,
  verifyUser,
} from './operator.ts';
import { changeEmail } from './own-account.ts';
import { register } from './register.ts';
import type { User } from './user.ts';

const email = 'user@example.com';
const credentials = { email, password: 'secure_password', client: localClient };
const unknown = new AuthError('unknown_email', { field: 'email' });
const unauthenticated = new AuthError('unauthenticated');

describe('what an operator does', () => {
  let auth: TestAuth;
  let loggedIn: LoggedIn;
  /** As it is kept: the first login begins to note logins. */
  let user: User;
  let other: LoggedIn;

  beforeEach(async () => {
    auth = await createTestAuth({ resetDelivery: 'operator' });
    await register(auth, credentials);
    await register(auth, { ...credentials, email: 'other@example.com' });
    loggedIn = await logInUser(auth, credentials);
    user = { ...loggedIn.user, noticedSince: auth.clock.now() };
    other = await logInUser(auth, { ...credentials, email: 'other@example.com' });
    for (const { token } of [loggedIn, other]) await authenticate(auth, token);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  const recorded = (type: Parameters<typeof authEvent>[1]) =>
    authEvent(auth.clock, type, undefined, { userId: loggedIn.user.id, emailKey: email }, 'operator');
  const expectEnded = async () => {
    await expect(authenticate(auth, loggedIn.token)).rejects.toEqual(unauthenticated);
    expect(await auth.store.listSessions(loggedIn.user.id)).toEqual([]);
    await authenticate(auth, other.token);
  };

  it('finds an account by its email in any case', async () => {
    expect(await getUser(auth, 'USER@example.com')).toEqual(user);
  });

  it('disables an account, which ends its sessions at once, and enables it again', async () => {
    const disabled = { ...user, disabledAt: auth.clock.now() };
    expect(await disableUser(auth, email)).toEqual(disabled);
    await expectEnded();
    expect(await getUser(auth, email)).toEqual(disabled);
    await expect(logInUser(auth, credentials)).rejects.toEqual(new AuthError('invalid_credentials'));
    expect(await enableUser(auth, email)).toEqual(user);
    expect(await getUser(auth, email)).toEqual(user);
    await expect(authenticate(auth, loggedIn.token)).rejects.toEqual(unauthenticated);
    await logInUser(auth, credentials);
    expect(auth.events.filter(({ detail }) => detail === 'operator')).toEqual([
      recorded('user_disabled'),
      recorded('user_enabled'),
    ]);
  });

  it('leaves when an account was disabled as it is, when it is disabled again', async () => {
    const disabled = await disableUser(auth, email);
    auth.clock.advance(1000);
    expect(await disableUser(auth, email)).toEqual(disabled);
    expect(await getUser(auth, email)).toEqual(disabled);
  });

  it('deletes an account, and what is recorded of it stays', async () => {
    expect(await deleteUser(auth, email)).toEqual(user);
    await expectEnded();
    await expect(getUser(auth, email)).rejects.toEqual(unknown);
    expect(auth.events).toEqual([recorded('user_deleted')]);
    const types = (await auth.store.listEvents({ userId: loggedIn.user.id, limit: 9 })).map(({ type }) => type);
    expect(types).toEqual(['user_registered', 'login_succeeded', 'user_deleted']);
  });

  it("ends one user's sessions", async () => {
    await revokeSessions(auth, email);
    await expectEnded();
    expect(auth.events).toEqual([recorded('sessions_revoked')]);
    await logInUser(auth, credentials);
  });

  it('ends all sessions of all users', async () => {
    expect(await revokeAllSessions(auth)).toBe(2);
    for (const { token } of [loggedIn, other]) await expect(authenticate(auth, token)).rejects.toEqual(unauthenticated);
    expect(auth.events).toEqual([authEvent(auth.clock, 'all_sessions_revoked', undefined, {}, '2 ended')]);
  });

  it('makes a reset token, of which the digest is kept', async () => {
    const { resetToken, ...issued } = await issueResetTokenFor(auth, email);
    expect(issued).toEqual({ user, expiresAt: auth.clock.now() + 600_000 });
    expect(await auth.store.findToken(digestSecret(resetToken), ['reset'])).toMatchObject({ userId: loggedIn.user.id });
    expect(auth.events).toEqual([recorded('password_reset_issued')]);
    await authenticate(auth, loggedIn.token);
    await resetPassword(auth, { ...credentials, resetToken, newPassword: 'new_secure_password' });
    await expectEnded();
  });

  it('makes no reset token for a disabled account', async () => {
    await disableUser(auth, email);
    await expect(issueResetTokenFor(auth, email)).rejects.toEqual(
      new AuthError('unknown_email', { message: 'this account is disabled' }),
    );
  });

  it.each([
    ['disableUser', disableUser],
    ['verifyUser', verifyUser],
    ['deleteUser', deleteUser],
    ['issueResetTokenFor', issueResetTokenFor],
  ] as const)('%s leaves an account alone that has another email by then', async (_name, run) => {
    const session = { ...loggedIn.session, email };
    const change = { session, client: localClient, password: credentials.password, newEmail: 'new@example.com' };
    const store: TestAuth['store'] = {
      ...auth.store,
      write: async (work) => {
        await changeEmail(auth, change);
        return await auth.store.write(work);
      },
    };
    await expect(run({ ...auth, store }, email)).rejects.toEqual(unknown);
    expect(await getUser(auth, 'new@example.com')).toMatchObject({ disabledAt: undefined, emailVerified: false });
    expect(auth.events.map(({ type }) => type)).toEqual(['email_changed']);
  });

  it.each([
    ['getUser', getUser],
    ['disableUser', disableUser],
    ['enableUser', enableUser],
    ['deleteUser', deleteUser],
    ['revokeSessions', revokeSessions],
    ['issueResetTokenFor', issueResetTokenFor],
  ] as const)('%s refuses who is not there, and what is no email', async (_name, run) => {
    await expect(run(auth, 'nobody@example.com')).rejects.toEqual(unknown);
    await expect(run(auth, 'nobody')).rejects.toMatchObject({ code: 'invalid_request', field: 'email' });
    expect(auth.events).toEqual([]);
  });
});
