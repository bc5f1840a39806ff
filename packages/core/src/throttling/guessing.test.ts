import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { AuthError } from '../errors.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';

const email = 'owner@example.com';
const password = 'the right password';
const HOUR_MS = 3_600_000;
const GUESSES = 1000;
/** The most comparisons that an hour of guesses may cost. */
const AFFORDABLE = 25;

const home = { ...localClient, address: '192.0.2.1' };
const elsewhere = { ...localClient, address: '203.0.113.1' };
/** Each in a network of its own, IPv4 and IPv6 in turn. */
const attacker = (index: number) => ({
  ...localClient,
  address: index % 2 === 0 ? `198.18.${index >> 8}.${index & 255}` : `2001:db8:0:${index.toString(16)}::1`,
});

describe('a thousand guesses on one account from a thousand addresses in an hour', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, { email, password, client: home });
    auth.hasher.counts.verify = 0;
  });
  afterEach(() => auth.close());

  const guess = (index: number, guessed = email) =>
    logInUser(auth, { email: guessed, password: `guess number ${index}`, client: attacker(index) }).then(
      () => 'in',
      (error: unknown) => (error instanceof AuthError ? error.code : String(error)),
    );
  const enter = (client: typeof home, given = password) => logInUser(auth, { email, password: given, client });

  it.each([email, 'nobody@example.com'])('cost few comparisons, spread evenly over %s', async (guessed) => {
    const codes: string[] = [];
    for (let index = 0; index < GUESSES; index += 1) {
      codes.push(await guess(index, guessed));
      auth.clock.advance(HOUR_MS / GUESSES);
    }
    expect([...new Set(codes)].sort()).toEqual(['invalid_credentials', 'rate_limited']);
    expect(auth.hasher.counts.verify).toBe(codes.filter((code) => code === 'invalid_credentials').length);
    expect(auth.hasher.counts.verify).toBeLessThanOrEqual(AFFORDABLE);
  });

  it('cost few comparisons, fifty at once whenever a delay is over', async () => {
    const codes: string[] = [];
    const startedAt = auth.clock.now();
    for (let index = 0; index < GUESSES; index += 50) {
      const burst = Array.from({ length: 50 }, (_, place) => guess(index + place));
      codes.push(...(await Promise.all(burst)));
      // A delay of 1 s that doubles, as documented.
      auth.clock.advance(Math.min(1000 * 2 ** (index / 50), 900_000));
    }
    expect(codes).not.toContain('in');
    const hours = (auth.clock.now() - startedAt) / HOUR_MS;
    expect(hours).toBeGreaterThan(1);
    expect(auth.hasher.counts.verify).toBeLessThanOrEqual(AFFORDABLE);
  });

  it('keep the owner out of nothing: not an open session, nor a login from a known address, nor a reset', async () => {
    const { token } = await enter(home);
    for (let index = 0; index < GUESSES; index += 1) {
      await guess(index);
      await authenticate(auth, token);
      if (index % 100 === 50) await enter(home);
      auth.clock.advance(HOUR_MS / GUESSES);
    }
    await expect(enter(elsewhere)).rejects.toMatchObject({ code: 'rate_limited' });

    const asked = await requestPasswordReset(auth, { email, client: elsewhere });
    const resetToken = 'resetToken' in asked ? asked.resetToken : '';
    const newPassword = 'another right password';
    await resetPassword(auth, { email, resetToken, newPassword, client: elsewhere });
    const { user } = await enter(elsewhere, newPassword);
    expect(user.email).toBe(email);
  });
});
