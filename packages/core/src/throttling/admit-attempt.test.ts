import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import type { AuthError } from '../errors.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';

const email = 'user@example.com';
const credentials = { email, password: 'secure_password', client: localClient };
const from = (address: string) => ({ ...localClient, address });
const DAY_MS = 86_400_000;

describe('admitAttempt, as logins meet it', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  /** What became of an attempt: a code, with the seconds to wait where there are any, or 'in'. */
  async function attempt(password: string, address = '127.0.0.1', ofEmail = email): Promise<string> {
    try {
      await logInUser(auth, { email: ofEmail, password, client: from(address) });
      return 'in';
    } catch (error) {
      const { code, retryAfterSeconds } = error as AuthError;
      return retryAfterSeconds === undefined ? code : `${code} ${retryAfterSeconds}`;
    }
  }
  async function fail(times: number, address?: string, ofEmail?: string): Promise<string[]> {
    const outcomes: string[] = [];
    for (let index = 0; index < times; index += 1) outcomes.push(await attempt('wrong_password', address, ofEmail));
    return outcomes;
  }
  const wrong = (times: number) => Array.from({ length: times }, () => 'invalid_credentials');

  it.each([email, 'nobody@example.com'])('delays guesses on %s from the fifth on, without hashing', async (guessed) => {
    expect(await fail(7, undefined, guessed)).toEqual([...wrong(5), 'rate_limited 1', 'rate_limited 1']);
    expect(auth.hasher.counts.verify).toBe(5);
    auth.clock.advance(1000);
    expect(await fail(2, undefined, guessed)).toEqual([...wrong(1), 'rate_limited 2']);
  });

  it('records the first refusal of each delay, and writes nothing for those that follow', async () => {
    await fail(5);
    auth.events.splice(0);
    await fail(1);
    expect(auth.events.map(({ type }) => type)).toEqual(['login_throttled']);
    const statements: string[] = [];
    auth.database.write.on('query', ({ sql }) => statements.push(sql));
    await fail(3);
    expect(statements.filter((sql) => !sql.startsWith('select'))).toEqual([]);
    expect(auth.events).toHaveLength(1);
  });

  it('lets no more of many at once pass than of one after another', async () => {
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => attempt('wrong_password')));
    expect(outcomes.sort()).toEqual([...wrong(5), ...Array.from({ length: 35 }, () => 'rate_limited 1')]);
    expect(auth.hasher.counts.verify).toBe(5);
  });

  it('refuses the right password as well while it delays, and starts afresh once it was right', async () => {
    await fail(5);
    expect(await attempt('secure_password')).toBe('rate_limited 1');
    auth.clock.advance(1000);
    expect(await attempt('secure_password')).toBe('in');
    expect(await fail(5)).toEqual(wrong(5));
  });

  it('lets the owner in from where they logged in lately, while others guess', async () => {
    expect(await attempt('secure_password', '192.0.2.1')).toBe('in');
    const { token } = await logInUser(auth, credentials);
    await fail(10, '198.51.100.1');
    expect(await attempt('secure_password', '203.0.113.1')).toMatch(/^rate_limited/);
    expect(await attempt('secure_password', '192.0.2.1')).toBe('in');
    await authenticate(auth, token);
  });

  it('delays guesses from where the owner logged in, by a counter of its own', async () => {
    await attempt('secure_password', '192.0.2.1');
    expect(await fail(6, '192.0.2.1')).toEqual([...wrong(5), 'rate_limited 1']);
    expect(await attempt('wrong_password', '198.51.100.1')).toBe('invalid_credentials');
  });

  it('knows an address for thirty days', async () => {
    await attempt('secure_password', '192.0.2.1');
    auth.clock.advance(30 * DAY_MS - 1);
    await fail(6, '198.51.100.1');
    expect(await attempt('secure_password', '192.0.2.1')).toBe('in');
    auth.clock.advance(30 * DAY_MS);
    await fail(6, '198.51.100.1');
    expect(await attempt('secure_password', '192.0.2.1')).toBe('rate_limited 1');
  });

  it('lets ten a minute pass from one address, a /64 for IPv6, on however many accounts', async () => {
    const addresses = Array.from({ length: 11 }, (_, index) => `2001:db8::${index}`);
    const outcomes: string[] = [];
    for (const [index, address] of addresses.entries()) {
      outcomes.push(await attempt('wrong_password', address, `user${index}@example.com`));
    }
    expect(outcomes).toEqual([...wrong(10), 'rate_limited 60']);
    expect(await attempt('wrong_password', '2001:db8:0:1::1')).toBe('invalid_credentials');
  });

  it('counts this machine as one address where a proxy may stand on it', async () => {
    const proxied = await createTestAuth({ throttleLoopback: true });
    try {
      const guess = (index: number) =>
        logInUser(proxied, { ...credentials, email: `user${index}@example.com` }).catch(
          (error: AuthError) => error.code,
        );
      const outcomes: unknown[] = [];
      for (let index = 0; index < 11; index += 1) outcomes.push(await guess(index));
      expect(outcomes).toEqual([...wrong(10), 'rate_limited']);
    } finally {
      await proxied.close();
    }
  });
});
