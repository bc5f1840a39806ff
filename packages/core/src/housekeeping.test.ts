import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from './accounts/register.ts';
import { deleteExpired } from './housekeeping.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { authenticate } from './sessions/authenticate.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from './testing/index.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const DAY_MS = 86_400_000;

describe('deleteExpired', () => {
  let auth: TestAuth;
  let token: string;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    token = (await logInUser(auth, credentials)).token;
    await requestPasswordReset(auth, credentials);
    await logInUser(auth, { ...credentials, password: 'wrong_password' }).catch(() => undefined);
  });
  afterEach(() => auth.close());

  const left = async () => {
    const tables = ['users', 'sessions', 'one_time_tokens', 'throttles', 'known_addresses', 'events'];
    const counts = tables.map(async (table) => [table, (await auth.database.read(table).select()).length]);
    return Object.fromEntries(await Promise.all(counts));
  };
  const all = { users: 1, sessions: 1, one_time_tokens: 1, throttles: 1, known_addresses: 1, events: 4 };

  it('deletes nothing that is good', async () => {
    auth.clock.advance(600_000 - 1);
    expect(await deleteExpired(auth)).toBe(0);
    expect(await left()).toEqual(all);
  });

  it('deletes each thing in its time', async () => {
    auth.clock.advance(600_000);
    expect(await deleteExpired(auth)).toBe(1);
    expect(await left()).toEqual({ ...all, one_time_tokens: 0 });

    auth.clock.advance(DAY_MS);
    await deleteExpired(auth);
    expect(await left()).toEqual({ ...all, one_time_tokens: 0, throttles: 0 });

    auth.clock.advance(6 * DAY_MS);
    await deleteExpired(auth);
    expect(await left()).toEqual({ ...all, one_time_tokens: 0, throttles: 0, sessions: 0 });

    auth.clock.advance(83 * DAY_MS);
    await deleteExpired(auth);
    expect(await left()).toEqual({
      users: 1,
      sessions: 0,
      one_time_tokens: 0,
      throttles: 0,
      known_addresses: 0,
      events: 0,
    });
  });

  it('leaves a session whose last use is not stored yet', async () => {
    auth.clock.advance(60_000);
    await authenticate(auth, token);
    auth.clock.advance(7 * DAY_MS - 1000);
    await deleteExpired(auth);
    await authenticate(auth, token);
    await auth.sessions.flush();
    auth.sessions.forget('all');
    await authenticate(auth, token);
  });

  it('goes on until nothing is left, a step at a time', async () => {
    const { session } = await logInUser(auth, credentials);
    await auth.store.write(async (transaction) => {
      for (let index = 0; index < 1100; index += 1) {
        await transaction.insertSession({
          ...session,
          id: `id-${index}`,
          tokenDigest: `digest-${index}`,
          expiresAt: 0,
        });
      }
    });
    expect(await deleteExpired(auth)).toBe(1100);
    expect((await left()).sessions).toBe(2);
  });
});
