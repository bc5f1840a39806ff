import { expect } from 'vitest';
import { deleteExpired } from '../housekeeping.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { passwords, places } from './cast.ts';
import { resetToken, sessionToken } from './choices.ts';
import { outcomeOf } from './command.ts';
import { search } from './operator-rules.ts';
import * as rules from './rules.ts';
import { hashOf, type Service } from './service.ts';
import type { World } from './world.ts';

const A_YEAR_MS = 365 * 86_400_000;

/**
 * Compare everything that the service knows with the model: accounts, every session and reset token
 * ever issued; and check that nothing is kept forever.
 */
export async function compareAll(world: World, service: Service): Promise<void> {
  await compareAccounts(world, service);
  await compareSessions(world, service);
  await compareTokens(world, service);
  await compareAccounts(world, service);
  await compareSessions(world, service);

  const { auth } = service;
  await service.passTime(A_YEAR_MS);
  await deleteExpired(auth);
  for (const table of ['sessions', 'one_time_tokens', 'reset_tokens', 'throttles', 'known_addresses', 'events']) {
    expect({ table, rows: await auth.database.read(table) }).toEqual({ table, rows: [] });
  }
}

async function compareAccounts(world: World, { auth }: Service): Promise<void> {
  const users = await auth.store.listUsers({ limit: 100 });
  expect(users.map(({ id: _id, updatedAt: _updatedAt, ...user }) => user)).toEqual(
    search(world, '').map(({ email, mailbox, password, hasOldHash, disabledAt, createdAt, role, emailVerified }) => {
      const passwordHash = hashOf(password, hasOldHash);
      return { email, emailKey: mailbox.key, passwordHash, disabledAt, createdAt, role, emailVerified };
    }),
  );
}

async function compareSessions(world: World, service: Service): Promise<void> {
  for (const [number, session] of world.sessions.entries()) {
    const expected = await outcomeOf(async () => rules.authenticate(world, session).account.email);
    const actual = await outcomeOf(async () => {
      return (await authenticate(service.auth, sessionToken(service, number))).email;
    });
    expect({ number, ...actual }).toEqual({ number, ...expected });
  }
}

/** Compares tokens by using them. */
async function compareTokens(world: World, service: Service): Promise<void> {
  const [password] = passwords;
  const [client] = places;
  if (!password || !client) throw new Error('the cast is empty');
  for (const [number, token] of world.tokens.entries()) {
    const { mailbox, email } = token.account;
    const expected = await outcomeOf(async () => rules.reset(world, { mailbox, email }, token, password, client));
    const sent = { email, resetToken: resetToken(service, number), newPassword: password.spellings[0], client };
    const actual = await outcomeOf(async () => ({ email: (await resetPassword(service.auth, sent)).email }));
    expect({ number, ...actual }).toEqual({ number, ...expected });
  }
}
