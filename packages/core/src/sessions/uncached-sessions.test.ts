import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';
import { createUncachedSessions } from './uncached-sessions.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe('createUncachedSessions', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
  });
  afterEach(() => auth.close());

  it('asks the database each time, and counts that', async () => {
    const { token } = await logInUser(auth, credentials);
    const sessions = createUncachedSessions(auth.store, {
      idleMs: 604_800_000,
      onFlushError: (error) => {
        throw error;
      },
    });
    await authenticate({ ...auth, sessions }, token);
    await authenticate({ ...auth, sessions }, token);
    expect(sessions.counts()).toEqual({ held: 0, hits: 0, misses: 2 });
    await sessions.close();
  });
});
