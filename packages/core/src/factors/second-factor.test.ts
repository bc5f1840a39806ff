import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  disableUser,
  enableUser,
  issueResetTokenFor,
  resetFactors,
  revokeAllSessions,
  revokeSessions,
} from '../accounts/operator.ts';
import { deleteAccount } from '../accounts/own-account.ts';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import { changePassword } from '../passwords/change-password.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import type { CodeNeeded } from '../sessions/complete-login.ts';
import { logIn } from '../sessions/log-in.ts';
import { logInWithCode } from '../sessions/second-factor.ts';
import { createTestAuth, localClient, logInUser, registerUser, sendMails, type TestAuth } from '../testing/index.ts';
import { createTestApp, type Enrolled, enrol } from '../testing/second-factor.ts';
import { beginTotp, enableTotp } from './enable-totp.ts';
import { disableTotp } from './own-factors.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const MINUTE_MS = 60_000;

const stranger = (index: number): Requester => ({
  ...localClient,
  address: `198.51.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`,
});

describe('a login with a second factor', () => {
  let auth: TestAuth;
  let own: Enrolled;

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true });
    const { id } = await registerUser(auth, credentials);
    await auth.store.write((transaction) => transaction.setEmailVerified(id, auth.clock.now()));
    own = await enrol(auth, credentials);
    // The owner hears of it.
    await sendMails(auth);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  async function begin(client: Requester = localClient): Promise<string> {
    const outcome = await logIn(auth, { ...credentials, client });
    expect(outcome).toEqual({
      secondFactorToken: expect.stringMatching(/^[\w-]{43}$/),
      methods: ['totp', 'recovery_code'],
    });
    return (outcome as CodeNeeded).secondFactorToken;
  }
  const finish = (secondFactorToken: string, code: string, client: Requester = localClient) =>
    logInWithCode(auth, { secondFactorToken, code, client });
  const types = () => auth.events.splice(0).map(({ type }) => type);
  const count = async (table: string) => (await auth.database.read(table).select()).length;
  const refusal = (code: AuthErrorCode) => expect.objectContaining({ code });

  it.each([
    ['other digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x06_60 + Number(digit)))],
    ['wide digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0xff_10 + Number(digit)))],
    ['a digit too many', (code: string) => `${code}0`],
    ['a number', (code: string) => `${code}.0`],
    ['a line more', (code: string) => `${code}\nx`],
    ['NUL alone', () => '\0'],
    ['nothing', () => ''],
    ['half a character', () => '\ud800'],
    ['a million characters', (code: string) => code.repeat(200_000)],
  ])('takes %s for a wrong code', async (_name, spell) => {
    await expect(finish(await begin(), spell(own.app.nextCode()))).rejects.toEqual(refusal('invalid_code'));
    expect(await count('recovery_codes')).toBe(10);
  });

  it.each(['\0', '', '\ud800', 'x'.repeat(1_000_000)])('is not found by a token that is none (%#)', async (token) => {
    await begin();
    await expect(finish(token, own.app.nextCode())).rejects.toEqual(refusal('second_factor_expired'));
  });

  it('does not outlive a factor that was replaced', async () => {
    const token = await begin();
    const change = { session: own.session, client: localClient, password: credentials.password };
    await disableTotp(auth, { ...change, code: own.app.nextCode() });
    const { secret } = await beginTotp(auth, change);
    const app = createTestApp(auth.clock, secret);
    await enableTotp(auth, { ...change, code: app.code() });
    for (const code of [own.app.nextCode(), app.code()]) {
      await expect(finish(token, code)).rejects.toEqual(refusal('second_factor_expired'));
    }
    await finish(await begin(), app.nextCode());
  });

  it('needs a code after the right password, and then says how it came about', async () => {
    const token = await begin();
    expect(await count('sessions')).toBe(1);
    expect(types()).toEqual(['second_factor_required']);
    const { token: sessionToken, user } = await finish(token, own.app.nextCode());
    expect(await authenticate(auth, sessionToken)).toMatchObject({ userId: user.id, methods: ['password', 'totp'] });
    expect(types()).toEqual(['login_succeeded']);
    await expect(finish(token, own.app.nextCode())).rejects.toEqual(refusal('second_factor_expired'));
  });

  it('earns nothing before it is complete: no counter is cleared, and no address is known', async () => {
    const client = stranger(1);
    await logIn(auth, { ...credentials, client, password: 'wrong' }).catch(() => undefined);
    await begin(client);
    const network = { sinceMs: 0, untilMs: auth.clock.now() };
    expect(await auth.store.isKnownAddress(own.session.userId, client.address, network)).toBe(false);
    const counters = await auth.database.read('throttles').where('key', 'like', 'login:account:%').pluck('count');
    expect(counters).toEqual([2]);
  });

  it.each([-1, 0, 1])('takes the code of %i steps away, once', async (distance) => {
    auth.clock.advance(2 * MINUTE_MS);
    const code = own.app.code(distance);
    await finish(await begin(), code);
    const again = await begin();
    await expect(finish(again, code)).rejects.toEqual(
      new AuthError('invalid_code', { field: 'code', message: 'this code was used already: wait for the next one' }),
    );
    // Nor an earlier one, once a later one was used.
    await expect(finish(again, own.app.code(distance - 1))).rejects.toEqual(refusal('invalid_code'));
  });

  it.each(['-', '\u2013', ' ', '\u00a0'])('takes a code in two groups (%j)', async (separator) => {
    const code = own.app.nextCode();
    const { token } = await finish(await begin(), `${code.slice(0, 3)}${separator}${code.slice(3)} `);
    expect((await authenticate(auth, token)).methods).toEqual(['password', 'totp']);
  });

  it('does not take the code that enabled the factor', async () => {
    await expect(finish(await begin(), own.app.code())).rejects.toEqual(refusal('invalid_code'));
  });

  const wrongClock = 'this code is of another time: check the clock of your device, and that of the server';
  it.each([
    ['a known address', -20, wrongClock],
    ['a known address', -2, wrongClock],
    ['a known address', 2, wrongClock],
    ['a known address', 20, wrongClock],
    ['elsewhere', -2, wrongClock],
    // Who guesses must not hear which codes are yet to come; the event says so.
    ['elsewhere', 2, 'wrong code'],
    ['elsewhere', 20, 'wrong code'],
  ])('from %s says at the code of %i steps away: %s; and counts it', async (where, distance, message) => {
    auth.clock.advance(60 * MINUTE_MS);
    const client = where === 'elsewhere' ? stranger(1) : undefined;
    const token = await begin(client);
    await expect(finish(token, own.app.code(distance), client)).rejects.toEqual(
      new AuthError('invalid_code', { field: 'code', message }),
    );
    expect(auth.events.at(-1)).toMatchObject({ type: 'second_factor_failed', detail: 'clock' });
    expect(await auth.database.read('pending_logins').pluck('tries')).toEqual([1]);
  });

  it('takes a recovery code once, however it is typed, and tells the owner', async () => {
    const [code = ''] = own.recoveryCodes;
    const { token } = await finish(await begin(), ` ${code.toLowerCase().replaceAll('-', ' ')} `);
    expect((await authenticate(auth, token)).methods).toEqual(['password', 'recovery_code']);
    expect(await auth.store.countRecoveryCodes(own.session.userId)).toBe(9);
    expect(await sendMails(auth)).toMatchObject([{ kind: 'recovery_code_used', to: credentials.email }]);
    await expect(finish(await begin(), code)).rejects.toEqual(refusal('invalid_code'));
  });

  it('keeps recovery codes as digests alone', async () => {
    const rows = JSON.stringify(await auth.database.read('recovery_codes').select());
    for (const code of own.recoveryCodes) {
      expect(rows).not.toContain(code);
      expect(rows).not.toContain(code.replaceAll('-', ''));
    }
  });

  it('is over after five codes, and the sixth is not compared', async () => {
    const token = await begin();
    for (let tries = 0; tries < 5; tries += 1) {
      await expect(finish(token, '000000')).rejects.toEqual(refusal('invalid_code'));
    }
    auth.clock.advance(MINUTE_MS);
    await expect(finish(token, own.app.nextCode())).rejects.toEqual(refusal('second_factor_expired'));
  });

  it('is good for five minutes, and stays over when the clock is set back', async () => {
    const [late, good] = [await begin(), await begin()];
    auth.clock.advance(5 * MINUTE_MS - 1);
    await finish(good, own.app.code());
    auth.clock.advance(1);
    await expect(finish(late, own.app.code(1))).rejects.toEqual(refusal('second_factor_expired'));
    auth.clock.advance(-MINUTE_MS);
    await expect(finish(late, own.app.code(1))).rejects.toEqual(refusal('second_factor_expired'));
  });

  it('takes a step that lies ahead for one of another time', async () => {
    auth.clock.advance(60 * MINUTE_MS);
    await finish(await begin(), own.app.code());
    auth.clock.advance(-60 * MINUTE_MS);
    await finish(await begin(), own.app.nextCode());
  });

  it('tells an owner of wrong codes after the third, once an hour', async () => {
    for (let tries = 0; tries < 2; tries += 1) await finish(await begin(), '000000').catch(() => undefined);
    expect(await sendMails(auth)).toEqual([]);
    for (let tries = 0; tries < 2; tries += 1) await finish(await begin(), 'ABCD').catch(() => undefined);
    expect(await sendMails(auth)).toMatchObject([{ kind: 'wrong_codes', to: credentials.email }]);
    auth.clock.advance(61 * MINUTE_MS);
    await finish(await begin(), '000000').catch(() => undefined);
    expect(await sendMails(auth)).toMatchObject([{ kind: 'wrong_codes', to: credentials.email }]);
  });

  it('judges 25 codes an hour at most, from a thousand addresses, and lets the owner in meanwhile', async () => {
    // The owner logged in from here before, so that guesses of others do not count.
    await finish(await begin(), own.app.nextCode());
    auth.events.splice(0);
    let judged = 0;
    const startedAt = auth.clock.now();
    for (let index = 0; index < 1000; index += 1) {
      const client = stranger(index);
      const pending = await logIn(auth, { ...credentials, client }).catch(() => undefined);
      if (pending && 'secondFactorToken' in pending) {
        const refused = await finish(pending.secondFactorToken, '000000', client).catch((error) => error);
        if (refused.code === 'invalid_code') judged += 1;
      }
      if (index % 100 === 50) {
        const { resetToken } = await issueResetTokenFor(auth, credentials.email);
        const reset = { email: credentials.email, resetToken, newPassword: credentials.password, client };
        await resetPassword(auth, reset);
        await finish(await begin(), own.app.nextCode());
      }
      auth.clock.advance(3600);
    }
    expect(auth.clock.now() - startedAt).toBeGreaterThan(3_600_000);
    expect(judged).toBeGreaterThan(5);
    expect(judged).toBeLessThanOrEqual(25);
    await finish(await begin(), own.app.nextCode());
  });

  it('has a counter that a right password, another login and a reset leave as it is', async () => {
    const client = stranger(1);
    const first = await begin(client);
    for (let tries = 0; tries < 5; tries += 1) await finish(first, '000000', client).catch(() => undefined);
    await expect(finish(await begin(client), own.app.code(1), client)).rejects.toEqual(refusal('rate_limited'));
    const { resetToken } = await issueResetTokenFor(auth, credentials.email);
    await resetPassword(auth, { ...credentials, resetToken, newPassword: credentials.password, client: stranger(2) });
    const counters = await auth.database.read('throttles').where('key', 'like', 'code:user:%').pluck('count');
    expect(counters).toEqual([5]);
  });

  it('gives no address a counter of its own by a reset there', async () => {
    await finish(await begin(), '000000', stranger(0)).catch(() => undefined);
    let judged = 0;
    for (let index = 0; index < 10; index += 1) {
      const client = stranger(index);
      const { resetToken } = await issueResetTokenFor(auth, credentials.email);
      await resetPassword(auth, { ...credentials, resetToken, newPassword: credentials.password, client });
      const token = await begin(client);
      for (let tries = 0; tries < 5; tries += 1) {
        const refused = await finish(token, '000000', client).catch((error) => error);
        if (refused.code === 'invalid_code') judged += 1;
      }
    }
    expect(judged).toBeLessThanOrEqual(5);
  });

  it('gives no address and no browser a counter of its own by a login before the factor was on', async () => {
    const change = { session: own.session, client: localClient, password: credentials.password };
    await disableTotp(auth, { ...change, code: own.app.nextCode() });
    const thief = stranger(1);
    const { device } = await logInUser(auth, { ...credentials, client: thief });
    auth.clock.advance(1);
    const { secret } = await beginTotp(auth, change);
    const app = createTestApp(auth.clock, secret);
    await enableTotp(auth, { ...change, code: app.code() });
    const token = await begin(thief);
    const guess = { secondFactorToken: token, code: '000000', client: thief, deviceToken: device.token };
    for (let tries = 0; tries < 5; tries += 1) await logInWithCode(auth, guess).catch(() => undefined);
    const counters = await auth.database.read('throttles').where('key', 'like', 'code:%').pluck('key');
    expect(counters.filter((key) => /^code:(known|device):/.test(key))).toEqual([]);
    expect(counters.filter((key) => key.startsWith('code:user:'))).toHaveLength(1);
    // The owner, where the factor was enabled.
    await finish(await begin(), app.nextCode());
  });

  const ends: readonly [string, () => Promise<unknown>][] = [
    [
      'a reset',
      async () => {
        const { resetToken } = await issueResetTokenFor(auth, credentials.email);
        return resetPassword(auth, { ...credentials, resetToken, newPassword: credentials.password });
      },
    ],
    [
      'a change of password',
      () => {
        const change = { currentPassword: credentials.password, newPassword: 'another_password', client: localClient };
        return changePassword(auth, { ...change, session: own.session, code: own.app.code(1) });
      },
    ],
    ['ending all sessions of the account', () => revokeSessions(auth, credentials.email)],
    ['ending all sessions', () => revokeAllSessions(auth)],
    ['a reset of the factor', () => resetFactors(auth, credentials.email)],
    [
      'disabling the account',
      async () => {
        await disableUser(auth, credentials.email);
        await enableUser(auth, credentials.email);
      },
    ],
    ['deletion', () => deleteAccount(auth, { ...credentials, session: own.session, code: own.app.code(1) })],
  ];
  it.each(ends)('ends with %s', async (_name, end) => {
    const token = await begin();
    await end();
    expect(await count('pending_logins')).toBe(0);
    await expect(finish(token, own.app.nextCode())).rejects.toEqual(refusal('second_factor_expired'));
  });

  it('is none any more once the operator has taken the factor away', async () => {
    await resetFactors(auth, credentials.email);
    expect(await logIn(auth, credentials)).toMatchObject({ session: { methods: ['password'] } });
    expect([await count('totp_factors'), await count('recovery_codes')]).toEqual([0, 0]);
    await expect(resetFactors(auth, credentials.email)).rejects.toEqual(refusal('not_found'));
  });

  it('keeps its factor through a reset', async () => {
    const { resetToken } = await issueResetTokenFor(auth, credentials.email);
    await resetPassword(auth, { ...credentials, resetToken, newPassword: 'another_password' });
    expect(await logIn(auth, { ...credentials, password: 'another_password' })).toHaveProperty('secondFactorToken');
  });

  it('says nothing of the factor after a wrong password', async () => {
    const refused = await logIn(auth, { ...credentials, password: 'wrong' }).catch((error) => error);
    expect(refused).toEqual(new AuthError('invalid_credentials'));
  });
});
