import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from './authenticate.ts';
import { AuthError } from './errors.ts';
import { logIn } from './log-in.ts';
import { register } from './register.ts';
import { requestPasswordReset } from './request-password-reset.ts';
import { resetPassword } from './reset-password.ts';
import { localClient as client, createTestAuth, type TestAuth } from './testing.ts';

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
    const { token } = await logIn(auth, credentials);
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

  it('lengthens no delay beyond the longest', async () => {
    const wrong = { ...credentials, password: 'not it at all' };
    const tries = async () => logIn(auth, wrong).catch((error: AuthError) => error);
    for (let count = 0; count < 5; count += 1) await tries();
    auth.clock.advance(-jump);
    const { retryAfterSeconds = 0 } = (await tries()) as AuthError;
    expect(retryAfterSeconds).toBeLessThanOrEqual(15 * 60);
  });
});

it('keeps a session whose lifetimes are not over when the clock is set forward by a day', async () => {
  const auth = await createTestAuth();
  await register(auth, credentials);
  const { token } = await logIn(auth, credentials);
  auth.clock.advance(DAY);
  expect((await authenticate(auth, token)).email).toBe(credentials.email);
  await auth.close();
});
