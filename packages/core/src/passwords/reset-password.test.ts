import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disableUser, enableUser, issueResetTokenFor } from '../accounts/operator.ts';
import { register } from '../accounts/register.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createTestAuth, localClient, logInUser, registerUser, type TestAuth } from '../testing/index.ts';
import { confirmPassword } from './confirm-password.ts';
import { requestPasswordReset } from './request-reset.ts';
import { resetPassword } from './reset-password.ts';

const email = 'user@example.com';
const credentials = { email, password: 'secure_password', client: localClient };
const newPassword = 'new_secure_password';
const newCredentials = { ...credentials, password: newPassword };
const invalid = new AuthError('invalid_reset_token');

describe('resetPassword', () => {
  let auth: TestAuth;
  let user: User;
  let resetToken: string;

  const askToken = async (ofEmail = email) => {
    const outcome = await requestPasswordReset(auth, { email: ofEmail, client: localClient });
    return 'resetToken' in outcome ? outcome.resetToken : '';
  };
  const reset = (changed: Partial<Parameters<typeof resetPassword>[1]> = {}) =>
    resetPassword(auth, { email, resetToken, newPassword, client: localClient, ...changed });

  beforeEach(async () => {
    auth = await createTestAuth();
    user = await registerUser(auth, credentials);
    resetToken = await askToken();
    auth.events.splice(0);
    auth.hasher.counts.hash = 0;
  });
  afterEach(() => auth.close());

  it('sets the password, ends every session of that user, and records it', async () => {
    const other = { ...credentials, email: 'other@example.com' };
    await register(auth, other);
    const { token: others } = await logInUser(auth, other);
    const tokens = [(await logInUser(auth, credentials)).token, (await logInUser(auth, credentials)).token];
    for (const token of tokens) await authenticate(auth, token);
    auth.clock.advance(1);
    auth.events.splice(0);

    const noticed = { ...user, noticedSince: user.createdAt };
    expect(await reset({ email: 'USER@example.com' })).toEqual(noticed);
    for (const token of tokens)
      await expect(authenticate(auth, token)).rejects.toEqual(new AuthError('unauthenticated'));
    await authenticate(auth, others);
    const changed = { ...noticed, passwordHash: `cheap:${newPassword}`, updatedAt: auth.clock.now() };
    expect(await auth.store.findUserById(user.id)).toEqual(changed);
    const who = { userId: user.id, emailKey: email };
    expect(auth.events).toEqual([authEvent(auth.clock, 'password_reset_completed', localClient, who)]);
    await expect(logInUser(auth, credentials)).rejects.toEqual(new AuthError('invalid_credentials'));
    await logInUser(auth, newCredentials);
  });

  it('works to the last millisecond of ten minutes, and not at their end', async () => {
    auth.clock.advance(599_999);
    await reset();
    resetToken = await askToken();
    auth.clock.advance(600_000);
    await expect(reset()).rejects.toEqual(invalid);
  });

  it.each([
    ['an unknown token', { resetToken: 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44' }],
    ['an empty token', { resetToken: '' }],
    ['SQL', { resetToken: "' OR 1=1--" }],
    ['an unknown email', { email: 'nobody@example.com' }],
  ])('refuses %s without hashing, and records it', async (_what, changed) => {
    await expect(reset(changed)).rejects.toEqual(invalid);
    expect(auth.hasher.counts.hash).toBe(0);
    expect(auth.events.map(({ type }) => type)).toEqual(['password_reset_refused']);
    expect(await auth.store.findUserById(user.id)).toEqual(user);
    await reset();
  });

  it("refuses another user's token, which stays good for its owner", async () => {
    await register(auth, { ...credentials, email: 'other@example.com' });
    const others = await askToken('other@example.com');
    auth.hasher.counts.hash = 0;
    await expect(reset({ resetToken: others })).rejects.toEqual(invalid);
    expect(auth.hasher.counts.hash).toBe(0);
    await reset({ resetToken: others, email: 'other@example.com' });
    await logInUser(auth, credentials);
  });

  it("refuses a used token, and those that were good beside it, an operator's among them", async () => {
    const { resetToken: operators } = await issueResetTokenFor(auth, email);
    const other = await askToken();
    await reset();
    for (const token of [resetToken, other, operators]) {
      await expect(reset({ resetToken: token })).rejects.toEqual(invalid);
    }
  });

  it("leaves a token good when a stranger asks for others, and an operator's when anyone does", async () => {
    const { resetToken: operators } = await issueResetTokenFor(auth, email);
    for (let index = 0; index < 4; index += 1) {
      auth.clock.advance(1);
      await askToken();
    }
    await reset({ resetToken });
    const { resetToken: newer } = await issueResetTokenFor(auth, email);
    for (let index = 0; index < 9; index += 1) await askToken();
    await reset({ resetToken: newer });
    await expect(reset({ resetToken: operators })).rejects.toEqual(invalid);
  });

  it("voids an operator's token by another of an operator's", async () => {
    const { resetToken: older } = await issueResetTokenFor(auth, email);
    const { resetToken: newer } = await issueResetTokenFor(auth, email);
    await expect(reset({ resetToken: older })).rejects.toEqual(invalid);
    await reset({ resetToken: newer });
  });

  it.each([
    ['in upper case', (token: string) => token.toUpperCase()],
    ['with blanks around it', (token: string) => `\r\n \t\u00a0\u200b\ufeff${token}\u2060\u3000\n`],
  ])('takes a token %s', async (_what, spell) => {
    const random = { ...auth.random, uuid: () => 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44' };
    const outcome = await requestPasswordReset({ ...auth, random }, credentials);
    await reset({ resetToken: spell('resetToken' in outcome ? outcome.resetToken : '') });
  });

  it('refuses a token where the account was disabled past its tokens, as an instance of version 1.0.0 does', async () => {
    await auth.store.write((transaction) => transaction.setDisabledAt(user.id, auth.clock.now()));
    await expect(reset()).rejects.toEqual(invalid);
  });

  it('leaves a token dead that expired while its new password was hashed, when the clock is set back', async () => {
    const hash = async (password: string) => {
      auth.clock.advance(600_000);
      return `cheap:${password}`;
    };
    const input = { email, resetToken, newPassword, client: localClient };
    await expect(resetPassword({ ...auth, hasher: { ...auth.hasher, hash } }, input)).rejects.toEqual(invalid);
    auth.clock.advance(-600_000);
    await expect(reset()).rejects.toEqual(invalid);
  });

  it('lets its owner in from where it was done at the first try, while a stranger guesses once a second', async () => {
    const [home, elsewhere] = ['192.0.2.1', '198.51.100.7'].map((address) => ({ ...localClient, address }));
    if (!home || !elsewhere) throw new Error('two addresses');
    const guess = async () => {
      auth.clock.advance(1000);
      await logInUser(auth, { ...credentials, password: 'wrong_password', client: elsewhere }).catch(() => undefined);
    };
    for (let second = 0; second < 60; second += 1) await guess();
    await reset({ client: home });
    for (let second = 0; second < 8; second += 1) await guess();
    await logInUser(auth, { ...newCredentials, client: home });
  });

  it('clears the delay of failed confirmations', async () => {
    const { session, user: owner } = await logInUser(auth, credentials);
    const actor = { session: { ...session, email: owner.email }, client: localClient };
    const confirm = async (opened: typeof actor, password: string) => confirmPassword(auth, opened, { password });
    for (let index = 0; index < 5; index += 1) {
      await confirm(actor, 'wrong_password').catch(() => undefined);
    }
    await expect(confirm(actor, credentials.password)).rejects.toMatchObject({ code: 'rate_limited' });
    await reset();
    const again = await logInUser(auth, newCredentials);
    await confirm({ ...actor, session: { ...again.session, email: owner.email } }, newPassword);
  });

  it('refuses a token from before the account was disabled', async () => {
    await disableUser(auth, email);
    await enableUser(auth, email);
    await expect(reset()).rejects.toEqual(invalid);
  });

  it.each(['short', 'user@example.com', 'user', 'password123', 'secure_\uD800password'])(
    'refuses the password %j, and the token stays good',
    async (password) => {
      await expect(reset({ newPassword: password })).rejects.toMatchObject({
        code: 'password_rejected',
        field: 'new_password',
      });
      expect(auth.events).toEqual([]);
      await reset();
    },
  );

  it('leaves the token good when the hashers are busy or the database fails half-way', async () => {
    const overloaded = new AuthError('overloaded');
    const takePlace = () => {
      throw overloaded;
    };
    const hasher = { ...auth.hasher, takePlace };
    const input = { email, resetToken, newPassword, client: localClient };
    await expect(resetPassword({ ...auth, hasher }, input)).rejects.toBe(overloaded);

    const { token } = await logInUser(auth, credentials);
    const failure = new Error('gave up');
    const write: typeof auth.store.write = (work) =>
      auth.store.write((transaction) => work({ ...transaction, deleteSessionsOfUser: () => Promise.reject(failure) }));
    await expect(resetPassword({ ...auth, store: { ...auth.store, write } }, input)).rejects.toBe(failure);
    expect(await auth.store.findUserById(user.id)).toEqual({ ...user, noticedSince: user.createdAt });
    await authenticate(auth, token);
    await reset();
  });

  it('has one winner of fifty who use a token at once', async () => {
    const attempts = Array.from({ length: 50 }, (_, index) => reset({ newPassword: `${newPassword}_${index}` }));
    const outcomes = await Promise.allSettled(attempts);
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refusals).toEqual(Array.from({ length: 49 }, () => invalid));
    await logInUser(auth, { ...credentials, password: `${newPassword}_${winner}` });
    expect(auth.events.filter(({ type }) => type === 'password_reset_completed')).toHaveLength(1);
  });

  it('leaves no session that was made with the old password, whichever comes first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const old = { ...credentials, password: round === 0 ? 'secure_password' : `${newPassword}_${round - 1}` };
      resetToken = await askToken();
      const logins = Array.from({ length: 3 }, () => logInUser(auth, old).catch((error: AuthError) => error.code));
      await reset({ newPassword: `${newPassword}_${round}` });
      const outcomes = await Promise.all(logins);
      expect(await auth.store.listSessions(user.id)).toEqual([]);
      for (const outcome of outcomes) {
        if (typeof outcome === 'string') continue;
        await expect(authenticate(auth, outcome.token)).rejects.toEqual(new AuthError('unauthenticated'));
      }
    }
  });

  it('clears the delay of failed logins', async () => {
    for (let index = 0; index < 5; index += 1) {
      await expect(logInUser(auth, { ...credentials, password: 'wrong_password' })).rejects.toBeInstanceOf(AuthError);
    }
    await expect(logInUser(auth, credentials)).rejects.toMatchObject({ code: 'rate_limited' });
    await reset();
    await logInUser(auth, newCredentials);
  });
});
