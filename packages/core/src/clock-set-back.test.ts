import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from './accounts/register.ts';
import { CLOCK_SKEW_MS } from './clock-skew.ts';
import { AuthError } from './errors.ts';
import { beginTotp, enableTotp } from './factors/enable-totp.ts';
import { sendOwedMail } from './mail/outbox.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { resetPassword } from './passwords/reset-password.ts';
import { authenticate } from './sessions/authenticate.ts';
import { logIn } from './sessions/log-in.ts';
import { logInWithCode } from './sessions/second-factor.ts';
import { localClient as client, createTestAuth, logInUser, type TestAuth } from './testing/index.ts';
import { createTestApp, enrol } from './testing/second-factor.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const credentials = { email: 'ada@example.com', password: 'correct horse battery', client };

describe.each([
  ['an hour', HOUR],
  ['a day', DAY],
])('a clock that is set back by %s', (_, jump) => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
  });

  afterEach(() => auth.close());

  it.each(['idleMs', 'lifetimeMs'] as const)('leaves a session dead that was refused for its %s', async (lifetime) => {
    const { token } = await logInUser(auth, credentials);
    auth.clock.advance(auth.policy.lifetimes[lifetime]);
    await expect(authenticate(auth, token)).rejects.toEqual(new AuthError('unauthenticated'));
    auth.clock.advance(-jump);
    await expect(authenticate(auth, token)).rejects.toEqual(new AuthError('unauthenticated'));
  });

  it('leaves a reset token dead that was refused', async () => {
    const outcome = await requestPasswordReset(auth, credentials);
    const resetToken = outcome.delivery === 'response' ? outcome.resetToken : '';
    const reset = () => resetPassword(auth, { ...credentials, resetToken, newPassword: 'staple after staple' });
    auth.clock.advance(auth.policy.resetTokenMs);
    await expect(reset()).rejects.toEqual(new AuthError('invalid_reset_token'));
    auth.clock.advance(-jump);
    await expect(reset()).rejects.toEqual(new AuthError('invalid_reset_token'));
  });

  it('makes a reset token void that was issued then', async () => {
    const outcome = await requestPasswordReset(auth, credentials);
    const resetToken = outcome.delivery === 'response' ? outcome.resetToken : '';
    const reset = () => resetPassword(auth, { ...credentials, resetToken, newPassword: 'staple after staple' });
    auth.clock.advance(-jump);
    await expect(reset()).rejects.toEqual(new AuthError('invalid_reset_token'));
    auth.clock.advance(jump);
    await expect(reset()).rejects.toEqual(new AuthError('invalid_reset_token'));
  });

  it('makes a factor void that was begun then, and a login that waited for its code', async () => {
    const { token } = await logInUser(auth, credentials);
    const session = await authenticate(auth, token);
    const { secret } = await beginTotp(auth, { session, client, password: credentials.password });
    auth.clock.advance(-jump);
    const code = createTestApp(auth.clock, secret).code();
    await expect(enableTotp(auth, { session, client, code })).rejects.toEqual(new AuthError('no_pending_factor'));

    const { app } = await enrol(auth, credentials);
    const pending = await logIn(auth, credentials);
    if (!('secondFactorToken' in pending)) throw new Error('no factor');
    auth.clock.advance(-jump);
    const sent = { ...pending, code: app.code(), client };
    await expect(logInWithCode(auth, sent)).rejects.toEqual(new AuthError('second_factor_expired'));
    auth.clock.advance(jump);
    await expect(logInWithCode(auth, sent)).rejects.toEqual(new AuthError('second_factor_expired'));
  });

  it('leaves no delay of codes in force', async () => {
    const { app } = await enrol(auth, credentials);
    const stranger = { ...credentials, client: { ...client, address: '192.0.2.1' } };
    const finish = async (code: string) => {
      const pending = await logIn(auth, stranger);
      if (!('secondFactorToken' in pending)) throw new Error('no factor');
      return logInWithCode(auth, { ...pending, code, client: stranger.client });
    };
    for (let tries = 0; tries < 8; tries += 1) {
      await finish('000000').catch((error: AuthError) => error);
      auth.clock.advance(60_000);
    }
    auth.clock.advance(-jump);
    await finish(app.code());
  });

  it('leaves no delay in force, and no window', async () => {
    const wrong = { ...credentials, password: 'not it at all', client: { ...client, address: '192.0.2.1' } };
    for (let count = 0; count < 12; count += 1) {
      const email = count < 5 ? credentials.email : `nobody${count}@example.com`;
      await logInUser(auth, { ...wrong, email }).catch((error: AuthError) => error);
    }
    auth.clock.advance(-jump);
    await logInUser(auth, { ...wrong, password: credentials.password });
  });

  it('lengthens no delay beyond the longest', async () => {
    const wrong = { ...credentials, password: 'not it at all' };
    const tries = async () => logInUser(auth, wrong).catch((error: AuthError) => error);
    for (let count = 0; count < 5; count += 1) await tries();
    auth.clock.advance(-jump);
    const { retryAfterSeconds = 0 } = (await tries()) as AuthError;
    expect(retryAfterSeconds).toBeLessThanOrEqual(15 * 60);
  });
});

describe('a clock that was ten days ahead', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({ resetDelivery: 'smtp' });
    await register(auth, credentials);
  });

  afterEach(() => auth.close());

  it('leaves open what was opened before, and notes its use', async () => {
    const { token, session } = await logInUser(auth, credentials);
    auth.clock.advance(6 * DAY);
    await authenticate(auth, token);
    await auth.sessions.flush();
    auth.clock.advance(-5 * DAY);
    await authenticate(auth, token);
    expect(auth.sessions.lastUse(session.tokenDigest)).toBe(auth.clock.now());
    await auth.sessions.flush();
    expect((await auth.store.findActiveSession(session.tokenDigest))?.lastUsedAt).toBe(auth.clock.now());
  });

  it.each(['in memory', 'stored'])('ends a session %s that was opened then', async (where) => {
    auth.clock.advance(10 * DAY);
    const { token } = await logInUser(auth, credentials);
    await authenticate(auth, token);
    auth.clock.advance(-10 * DAY);
    if (where === 'stored') auth.sessions.forget('all');
    await expect(authenticate(auth, token)).rejects.toEqual(new AuthError('unauthenticated'));
  });

  it('sends a mail that was put off then', async () => {
    await requestPasswordReset(auth, credentials);
    auth.clock.advance(10 * DAY);
    auth.mailer.error = new Error('no mail server');
    expect(await sendOwedMail(auth)).toBe('failed');
    auth.mailer.error = undefined;
    auth.clock.advance(-10 * DAY);
    expect(await sendOwedMail(auth)).toBe('sent');
  });

  it('sends a mail where so many were asked for then that none was', async () => {
    auth.clock.advance(10 * DAY);
    for (let count = 0; count < 6; count += 1) await requestPasswordReset(auth, credentials);
    auth.clock.advance(-10 * DAY);
    const owed = await auth.store.countOwedMails();
    await requestPasswordReset(auth, credentials);
    expect(await auth.store.countOwedMails()).toBe(owed + 1);
  });

  it('knows a browser from now on, though twenty were known then', async () => {
    auth.clock.advance(10 * DAY);
    for (let count = 0; count < 20; count += 1) await logInUser(auth, credentials);
    auth.clock.advance(-10 * DAY);
    const { device } = await logInUser(auth, credentials);
    const again = await logInUser(auth, { ...credentials, deviceToken: device.token });
    expect(again.device.token).toBe(device.token);
  });

  it('does not know an address for longer than its thirty days', async () => {
    const there = { ...credentials, client: { ...client, address: '192.0.2.1' } };
    auth.clock.advance(40 * DAY);
    await logInUser(auth, there);
    auth.clock.advance(-40 * DAY);
    const known = await auth.store.isKnownAddress(
      (await auth.store.findUserByEmailKey(credentials.email))?.id ?? '',
      '192.0.2.1',
      { sinceMs: auth.clock.now() - 30 * DAY, untilMs: auth.clock.now() + CLOCK_SKEW_MS },
    );
    expect(known).toBe(false);
  });
});

it('keeps a session whose lifetimes are not over when the clock is set forward by a day', async () => {
  const auth = await createTestAuth();
  await register(auth, credentials);
  const { token } = await logInUser(auth, credentials);
  auth.clock.advance(DAY);
  expect((await authenticate(auth, token)).email).toBe(credentials.email);
  await auth.close();
});
