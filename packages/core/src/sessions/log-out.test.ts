import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';
import type { LoggedIn } from './complete-login.ts';
import { logOut } from './log-out.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const unauthenticated = new AuthError('unauthenticated');

describe('logOut', () => {
  let auth: TestAuth;
  let first: LoggedIn;
  let second: LoggedIn;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    first = await logInUser(auth, credentials);
    second = await logInUser(auth, credentials);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  it('ends that session and no other, and records it', async () => {
    await logOut(auth, { token: first.token, client: localClient });
    await expect(authenticate(auth, first.token)).rejects.toEqual(unauthenticated);
    await authenticate(auth, second.token);
    expect(await auth.store.listSessions(first.user.id)).toEqual([second.session]);
    const who = { userId: first.user.id, sessionId: first.session.id };
    expect(auth.events).toEqual([authEvent(auth.clock, 'session_ended', localClient, who)]);
  });

  it('refuses who has no session', async () => {
    await logOut(auth, { token: first.token, client: localClient });
    for (const token of [first.token, 'unknown', '', undefined]) {
      await expect(logOut(auth, { token, client: localClient })).rejects.toEqual(unauthenticated);
    }
    expect(auth.events).toHaveLength(1);
  });

  it('has one winner of many at once', async () => {
    const endings = Array.from({ length: 10 }, () => logOut(auth, { token: first.token, client: localClient }));
    const outcomes = await Promise.allSettled(endings);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(auth.events).toHaveLength(1);
  });

  it('leaves the session open when the database cannot end it', async () => {
    const unavailable = new AuthError('database_unavailable');
    const store = { ...auth.store, write: () => Promise.reject(unavailable) };
    await expect(logOut({ ...auth, store }, { token: first.token, client: localClient })).rejects.toBe(unavailable);
    await authenticate(auth, first.token);
  });
});
