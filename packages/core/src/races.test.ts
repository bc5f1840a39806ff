import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from './accounts/register.ts';
import { AuthError } from './errors.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { resetPassword } from './passwords/reset-password.ts';
import { logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { createTestAuth, localClient, type TestAuth, testDialects } from './testing/index.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const MANY = 50;

/** How many were done, and how many refused with each code. */
async function ends(attempts: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const refused = (error: unknown) => (error instanceof AuthError ? error.code : String(error));
  const reached = await Promise.all(attempts.map((attempt) => attempt.then(() => 'done', refused)));
  for (const end of reached) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

describe.each(testDialects)('many at once over $dialect', ({ open }) => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
  });
  afterEach(() => auth.close());

  const times = <T>(count: number, run: (index: number) => Promise<T>) =>
    Array.from({ length: count }, (_, i) => run(i));
  const count = async (table: string) => (await auth.database.read(table).select()).length;

  async function resetToken(): Promise<string> {
    const outcome = await requestPasswordReset(auth, credentials);
    return 'resetToken' in outcome ? outcome.resetToken : '';
  }

  it('register an email once', async () => {
    const attempts = times(MANY, (index) => register(auth, { ...credentials, password: `password number ${index}` }));
    expect(await ends(attempts)).toEqual({ done: 1, email_taken: MANY - 1 });
    expect(await count('users')).toBe(1);
    expect(auth.events.map(({ type }) => type)).toEqual(['user_registered']);
  });

  it('use a reset token once', async () => {
    await register(auth, credentials);
    const token = await resetToken();
    const attempts = times(MANY, (index) =>
      resetPassword(auth, { ...credentials, resetToken: token, newPassword: `password number ${index}` }),
    );
    expect(await ends(attempts)).toEqual({ done: 1, invalid_reset_token: MANY - 1 });
    const hashes = await auth.database.read('users').pluck('password_hash');
    expect(hashes).toEqual([expect.stringMatching(/^cheap:password number \d+$/)]);
    expect(auth.events.filter(({ type }) => type === 'password_reset_completed')).toHaveLength(1);
  });

  it('end a session once', async () => {
    await register(auth, credentials);
    const { token } = await logIn(auth, credentials);
    const attempts = times(10, () => logOut(auth, { token, client: localClient }));
    expect(await ends(attempts)).toEqual({ done: 1, unauthenticated: 9 });
  });

  it('leave no session that the old password opened, once a reset is done', async () => {
    await register(auth, credentials);
    for (let round = 0; round < 10; round += 1) {
      const [password, newPassword] = [`password number ${round}`, `password number ${round + 1}`];
      if (round === 0)
        await resetPassword(auth, { ...credentials, resetToken: await resetToken(), newPassword: password });
      const token = await resetToken();
      // As many logins as are let through at once for one account; the reset comes at another place
      // among them in each round.
      const logins = times(round % 5, () => logIn(auth, { ...credentials, password }));
      const reset = resetPassword(auth, { ...credentials, resetToken: token, newPassword });
      logins.push(...times(4 - (round % 5), () => logIn(auth, { ...credentials, password })));
      await Promise.all([reset, Promise.allSettled(logins)]);
      expect(await count('sessions')).toBe(0);
    }
  });

  it('let no more guesses pass than one after another would', async () => {
    await register(auth, credentials);
    const attempts = times(MANY, () => logIn(auth, { ...credentials, password: 'wrong_password' }));
    expect(await ends(attempts)).toEqual({ invalid_credentials: 5, rate_limited: MANY - 5 });
    expect(auth.hasher.counts.verify).toBe(5);
  });
});
