import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { AuthError } from '../errors.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const unauthenticated = new AuthError('unauthenticated');
const DAY_MS = 86_400_000;

describe('authenticate', () => {
  let auth: TestAuth;
  let token: string;
  let id: string;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    const issued = await logInUser(auth, credentials);
    token = issued.token;
    id = issued.session.id;
  });
  afterEach(() => auth.close());

  it('tells whose session it is', async () => {
    const { session, user } = await logInUser(auth, credentials).then((issued) => ({ ...issued, token: issued.token }));
    const found = await authenticate(auth, token);
    expect(found).toMatchObject({ id, userId: user.id, email: user.email, createdAt: session.createdAt });
  });

  it.each([
    ['no token', undefined],
    ['an empty one', ''],
    ['one that was never issued', 'A'.repeat(43)],
    ['a digest', 'digest'],
    ['SQL', "' OR 1=1--"],
    ['a lone surrogate', '\uD800'],
  ])('refuses %s', async (_what, given) => {
    await expect(authenticate(auth, given)).rejects.toEqual(unauthenticated);
  });

  it('does not take the digest of a token for the token', async () => {
    const { tokenDigest } = await authenticate(auth, token);
    await expect(authenticate(auth, tokenDigest)).rejects.toEqual(unauthenticated);
  });

  it('ends a session that is idle for seven days, to the second', async () => {
    auth.clock.advance(7 * DAY_MS - 1000);
    await authenticate(auth, token);
    auth.clock.advance(7 * DAY_MS - 1000);
    await authenticate(auth, token);
    auth.clock.advance(7 * DAY_MS);
    await expect(authenticate(auth, token)).rejects.toEqual(unauthenticated);
  });

  it('ends a session after thirty days, to the second, however much it was used', async () => {
    for (let days = 6; days <= 24; days += 6) {
      auth.clock.advance(6 * DAY_MS);
      await authenticate(auth, token);
    }
    auth.clock.advance(6 * DAY_MS - 1000);
    await authenticate(auth, token);
    auth.clock.advance(1000);
    await expect(authenticate(auth, token)).rejects.toEqual(unauthenticated);
  });

  it('holds from memory and from the store alike', async () => {
    auth.clock.advance(7 * DAY_MS - 1000);
    auth.sessions.forget('all');
    await authenticate(auth, token);
    await auth.sessions.flush();
    auth.sessions.forget('all');
    auth.clock.advance(7 * DAY_MS - 1000);
    await authenticate(auth, token);
  });

  it('writes nothing', async () => {
    const before = await auth.database.read('events').select();
    await authenticate(auth, token);
    await expect(authenticate(auth, 'unknown')).rejects.toEqual(unauthenticated);
    expect(await auth.database.read('events').select()).toEqual(before);
  });
});
