import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeEmail } from '../accounts/own-account.ts';
import { register } from '../accounts/register.ts';
import { AuthError } from '../errors.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createGate, createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';

const email = 'user@example.com';
const password = 'secure_password';
const credentials = { email, password, client: localClient };
const remote = { ...localClient, address: '192.0.2.1' };
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('attempts on one account at once', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  const codeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'in',
      (error: unknown) => (error instanceof AuthError ? error.code : String(error)),
    );
  const enter = (given = password, of = email, hasher = auth.hasher) =>
    codeOf(logInUser({ ...auth, hasher }, { ...credentials, email: of, password: given }));
  const tally = (codes: readonly string[]) =>
    Object.fromEntries([...new Set(codes)].map((code) => [code, codes.filter((other) => other === code).length]));

  it.each([30, 64])('all get in, %i with the right password', async (count) => {
    expect(tally(await Promise.all(times(count, () => enter())))).toEqual({ in: count });
    expect(auth.events.map(({ type }) => type)).toEqual(times(count, () => 'login_succeeded'));
  });

  it('all get in that are right, beside a few that are wrong', async () => {
    const wrong = times(4, () => enter('wrong_password'));
    const right = times(30, () => enter());
    expect(tally(await Promise.all(right))).toEqual({ in: 30 });
    expect(tally(await Promise.all(wrong))).toEqual({ invalid_credentials: 4 });
  });

  it.each([email, 'nobody@example.com'])('cost what guesses one by one do, a thousand at %s', async (guessed) => {
    const codes: string[] = [];
    for (let burst = 0; burst < 10; burst += 1) {
      codes.push(...(await Promise.all(times(100, () => enter('wrong_password', guessed)))));
    }
    expect(tally(codes)).toEqual({ invalid_credentials: 5, rate_limited: 995 });
    expect(auth.hasher.counts.verify).toBe(5);
  });

  it('is answered alike, and written alike, whether or not there is an account', async () => {
    const writes: string[] = [];
    auth.database.write.on('query', ({ sql }) => writes.push(sql));
    const known = await Promise.all(times(40, () => enter('wrong_password')));
    const ofKnown = writes.splice(0);
    const unknown = await Promise.all(times(40, () => enter('wrong_password', 'nobody@example.com')));
    // The database decides which come first, and how many see the refusal of others.
    expect(unknown.sort()).toEqual(known.sort());
    expect(new Set(writes)).toEqual(new Set(ofKnown));
  });

  it('hold no more than five places with the hashers', async () => {
    let held = 0;
    let most = 0;
    const takePlace = () => {
      held += 1;
      most = Math.max(most, held);
      return {
        [Symbol.dispose]: () => {
          held -= 1;
        },
      };
    };
    const five = createGate();
    const verify: typeof auth.hasher.verify = async (given, hash) => {
      if (held === 5) five.open();
      await five.opened;
      return auth.hasher.verify(given, hash);
    };
    await Promise.all(times(30, () => enter(password, email, { ...auth.hasher, takePlace, verify })));
    expect(most).toBe(5);
    expect(held).toBe(0);
  });

  it('wait on where the hashers have too few places for them', async () => {
    let places = 2;
    const takePlace = () => {
      if (places === 0) throw new AuthError('overloaded', { retryAfterSeconds: 1 });
      places -= 1;
      return {
        [Symbol.dispose]: () => {
          places += 1;
        },
      };
    };
    const entering = times(30, () => enter(password, email, { ...auth.hasher, takePlace }));
    expect(tally(await Promise.all(entering))).toEqual({ in: 30 });
  });

  it('turns away the rest, to come back when those before them are through', async () => {
    const attempts = times(80, () => logInUser(auth, credentials));
    const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeLessThanOrEqual(80 - 64);
    for (const refusal of refused) {
      expect(refusal).toMatchObject({ reason: { code: 'rate_limited', retryAfterSeconds: 8, throttled: 'login' } });
    }
  });

  it.each([
    ['a right password', password, { in: 30 }],
    ['a wrong password', 'wrong_password', { invalid_credentials: 5, rate_limited: 25 }],
  ])('are confirmed alike, thirty with %s', async (_what, given, expected) => {
    const session = await authenticate(auth, (await logInUser(auth, credentials)).token);
    const change = (index: number) =>
      codeOf(changeEmail(auth, { session, client: localClient, password: given, newEmail: `new${index}@example.com` }));
    expect(tally(await Promise.all(times(30, change)))).toEqual(expected);
  });

  it.each([
    ['login', (at: TestAuth) => logInUser(at, { ...credentials, email: 'nobody@example.com', client: remote })],
    ['registration', (at: TestAuth) => register(at, { ...credentials, email: 'taken@example.com', client: remote })],
    [
      'reset',
      (at: TestAuth) => resetPassword(at, { email, resetToken: 'unknown', newPassword: password, client: remote }),
    ],
  ])('take no place with the hashers where the address is throttled: a %s', async (_what, attempt) => {
    for (let index = 0; index < 11; index += 1) await codeOf(attempt(auth));
    const takePlace = () => {
      throw new AuthError('overloaded', { retryAfterSeconds: 1 });
    };
    expect(await codeOf(attempt({ ...auth, hasher: { ...auth.hasher, takePlace } }))).toBe('rate_limited');
  });
});
