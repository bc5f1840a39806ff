import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { revokeSessions } from '../accounts/operator.ts';
import { changeEmail, deleteAccount } from '../accounts/own-account.ts';
import { register } from '../accounts/register.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { authenticate } from '../sessions/authenticate.ts';
import type { LoggedIn } from '../sessions/complete-login.ts';
import { createGate, createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { changePassword } from './change-password.ts';
import type { Actor } from './confirm-password.ts';
import { requestPasswordReset } from './request-reset.ts';

const email = 'user@example.com';
const password = 'secure_password';
const newPassword = 'new_secure_password';
const credentials = { email, password, client: localClient };
const wrong = new AuthError('invalid_credentials', { message: 'wrong password' });
const unauthenticated = new AuthError('unauthenticated');

describe('what asks for the password again', () => {
  let auth: TestAuth;
  let here: LoggedIn;
  let elsewhere: LoggedIn;
  let actor: Actor;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    here = await logInUser(auth, credentials);
    elsewhere = await logInUser(auth, credentials);
    actor = { session: await authenticate(auth, here.token), client: localClient };
    await authenticate(auth, elsewhere.token);
    await requestPasswordReset(auth, credentials);
    auth.events.splice(0);
    auth.hasher.counts.verify = 0;
  });
  afterEach(() => auth.close());

  const rows = (table: string) => auth.database.read(table).select();
  const who = () => ({ userId: here.user.id, emailKey: email, sessionId: here.session.id });

  describe('changePassword', () => {
    const change = (changed = {}) =>
      changePassword(auth, { ...actor, currentPassword: password, newPassword, ...changed });

    it('sets the password, ends every other session, voids a reset token, and records it', async () => {
      await change();
      expect(await authenticate(auth, here.token)).toMatchObject({ id: here.session.id });
      await expect(authenticate(auth, elsewhere.token)).rejects.toEqual(unauthenticated);
      expect(await rows('one_time_tokens')).toEqual([]);
      expect(auth.events).toEqual([authEvent(auth.clock, 'password_changed', localClient, who())]);
      await logInUser(auth, { ...credentials, password: newPassword });
      await expect(logInUser(auth, credentials)).rejects.toEqual(new AuthError('invalid_credentials'));
    });

    it.each(['short', email, 'password123'])('refuses the new password %j, and changes nothing', async (refused) => {
      await expect(change({ newPassword: refused })).rejects.toMatchObject({
        code: 'password_rejected',
        field: 'new_password',
      });
      await authenticate(auth, elsewhere.token);
      expect(await auth.store.findUserById(here.user.id)).toEqual(elsewhere.user);
    });
  });

  describe('changeEmail', () => {
    const change = (changed = {}) => changeEmail(auth, { ...actor, password, newEmail: 'New@example.com', ...changed });

    it('sets the address, which open sessions show at once, voids a reset token, and records it', async () => {
      expect(await change()).toEqual({ email: 'New@example.com', isPending: false });
      for (const { token } of [here, elsewhere])
        expect(await authenticate(auth, token)).toMatchObject({ email: 'New@example.com' });
      expect(await rows('one_time_tokens')).toEqual([]);
      expect(auth.events).toEqual([
        authEvent(auth.clock, 'email_changed', localClient, { ...who(), emailKey: 'new@example.com' }),
      ]);
      await logInUser(auth, { ...credentials, email: 'new@example.com' });
      await register(auth, credentials);
    });

    it('changes the case of an address alone', async () => {
      expect(await change({ newEmail: 'USER@example.com' })).toMatchObject({ email: 'USER@example.com' });
      expect(await authenticate(auth, here.token)).toMatchObject({ email: 'USER@example.com' });
    });

    it('refuses a taken address, and one that is none', async () => {
      await register(auth, { ...credentials, email: 'other@example.com' });
      const taken = new AuthError('email_taken', { field: 'new_email' });
      await expect(change({ newEmail: 'OTHER@example.com' })).rejects.toEqual(taken);
      await expect(change({ newEmail: 'user' })).rejects.toMatchObject({ code: 'invalid_request', field: 'new_email' });
      expect(await authenticate(auth, here.token)).toMatchObject({ email });
      expect(await rows('one_time_tokens')).toHaveLength(1);
    });
  });

  describe('deleteAccount', () => {
    it('deletes the account and all that hangs on it, and records it', async () => {
      expect(await deleteAccount(auth, { ...actor, password })).toBe(email);
      for (const { token } of [here, elsewhere])
        await expect(authenticate(auth, token)).rejects.toEqual(unauthenticated);
      for (const table of ['users', 'sessions', 'one_time_tokens', 'known_addresses'])
        expect(await rows(table)).toEqual([]);
      expect(auth.events).toEqual([authEvent(auth.clock, 'user_deleted', localClient, who())]);
      await expect(logInUser(auth, credentials)).rejects.toEqual(new AuthError('invalid_credentials'));
      await register(auth, credentials);
    });
  });

  describe.each([
    ['changePassword', (given: string) => changePassword(auth, { ...actor, currentPassword: given, newPassword })],
    ['changeEmail', (given: string) => changeEmail(auth, { ...actor, password: given, newEmail: 'new@example.com' })],
    ['deleteAccount', (given: string) => deleteAccount(auth, { ...actor, password: given })],
  ])('%s', (_name, run) => {
    it.each(['wrong_password', '', 'secure_password\uD800'])(
      'refuses %j, changes nothing, and records it',
      async (given) => {
        await expect(run(given)).rejects.toEqual(wrong);
        expect(await auth.store.findUserById(here.user.id)).toEqual(elsewhere.user);
        expect(await rows('sessions')).toHaveLength(2);
        expect(auth.events).toEqual([authEvent(auth.clock, 'confirmation_failed', localClient, who())]);
      },
    );

    it('delays guesses, apart from those of logins, and lets the owner log in meanwhile', async () => {
      for (let index = 0; index < 5; index += 1) await expect(run('wrong_password')).rejects.toEqual(wrong);
      await expect(run(password)).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 1 });
      expect(auth.hasher.counts.verify).toBe(5);
      await logInUser(auth, credentials);
      auth.clock.advance(1000);
      await run(password);
    });
  });

  it('does nothing for a session that ended between the comparison and the change', async () => {
    const compared = createGate();
    const goOn = createGate();
    const verify: typeof auth.hasher.verify = async (given, hash) => {
      const matches = await auth.hasher.verify(given, hash);
      compared.open();
      await goOn.opened;
      return matches;
    };
    const deleting = deleteAccount({ ...auth, hasher: { ...auth.hasher, verify } }, { ...actor, password });
    await compared.opened;
    await revokeSessions(auth, email);
    goOn.open();
    await expect(deleting).rejects.toEqual(unauthenticated);
    expect(await auth.store.findUserById(here.user.id)).toEqual(elsewhere.user);
  });
});
