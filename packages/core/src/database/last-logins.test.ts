import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listUsers, showUser } from '../accounts/operator.ts';
import { deleteExpired } from '../housekeeping.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import {
  localClient as client,
  createTestAuth,
  logInUser,
  registerUser,
  type TestAuth,
  testDialects,
} from '../testing/index.ts';

const password = 'correct horse battery';
const DAY_MS = 86_400_000;

describe.each(testDialects)('users over $dialect, by what is known of them', ({ open }) => {
  let auth: TestAuth;
  const email = (name: string) => `${name}@example.com`;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    for (const name of ['ada', 'bob', 'eve']) await registerUser(auth, { email: email(name), password, client });
  });
  afterEach(() => auth.close());

  const enter = (name: string, address = '192.0.2.1') =>
    logInUser(auth, { email: email(name), password, client: { ...client, address } });
  const lastLogins = async () => {
    const { users } = await listUsers(auth, { limit: 9 });
    return users.map(({ lastLoginAt }) => lastLoginAt);
  };
  const found = async (filter: object) => {
    const { users } = await listUsers(auth, { limit: 9, ...filter });
    return users.map(({ emailKey }) => emailKey.split('@')[0]);
  };

  it('last logged in when they did so from any address', async () => {
    const first = auth.clock.now();
    await enter('ada');
    await enter('bob');
    auth.clock.advance(1000);
    await enter('ada', '192.0.2.2');
    expect(await lastLogins()).toEqual([first + 1000, first, undefined]);
    expect((await showUser(auth, email('ada'))).user.lastLoginAt).toBe(first + 1000);
  });

  it('have not logged in by a reset', async () => {
    const outcome = await requestPasswordReset(auth, { email: email('ada'), client });
    const resetToken = 'resetToken' in outcome ? outcome.resetToken : '';
    await resetPassword(auth, { email: email('ada'), resetToken, newPassword: password, client });
    expect(await lastLogins()).toEqual([undefined, undefined, undefined]);
  });

  it('keep their last login when the address that it came from is forgotten', async () => {
    const first = auth.clock.now();
    await enter('ada');
    auth.clock.advance(40 * DAY_MS);
    await enter('bob');
    await deleteExpired(auth);
    expect(await auth.database.read('known_addresses').select()).toHaveLength(1);
    expect(await lastLogins()).toEqual([first, first + 40 * DAY_MS, undefined]);
    auth.clock.advance(40 * DAY_MS);
    await enter('ada');
    expect(await lastLogins()).toEqual([first + 80 * DAY_MS, first + 40 * DAY_MS, undefined]);
  });

  it('are found by role, verification, being disabled, and the time without a login', async () => {
    await enter('ada');
    auth.clock.advance(40 * DAY_MS);
    await deleteExpired(auth);
    await enter('bob');
    const { id } = (await auth.store.findUserByEmailKey(email('ada'))) ?? { id: '' };
    await auth.store.write(async (transaction) => {
      await transaction.setRole(id, 'admin', 0);
      await transaction.setEmailVerified(id, 0);
      await transaction.setDisabledAt(id, 1);
    });
    expect(await found({ role: 'admin' })).toEqual(['ada']);
    expect(await found({ emailVerified: true })).toEqual(['ada']);
    expect(await found({ emailVerified: false })).toEqual(['bob', 'eve']);
    expect(await found({ disabled: true })).toEqual(['ada']);
    expect(await found({ disabled: false, role: 'user' })).toEqual(['bob', 'eve']);
    const now = auth.clock.now();
    expect(await found({ noLoginSinceMs: now - DAY_MS })).toEqual(['ada', 'eve']);
    expect(await found({ noLoginSinceMs: now - 40 * DAY_MS })).toEqual(['eve']);
    expect(await found({ noLoginSinceMs: now + 1, emailVerified: false })).toEqual(['bob', 'eve']);
  });
});
