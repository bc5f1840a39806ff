import { expect } from 'vitest';
import { notMe } from '../accounts/not-me.ts';
import { exportUsers, listUsers } from '../accounts/operator.ts';
import { findPendingEmail } from '../accounts/own-account.ts';
import { register } from '../accounts/register.ts';
import { verifyEmail } from '../accounts/verify-email.ts';
import { deleteExpired } from '../housekeeping.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { listDevices } from '../sessions/devices.ts';
import { logInWithCode } from '../sessions/second-factor.ts';
import { digestSecret } from '../tokens/digest.ts';
import type { TokenPurpose } from '../tokens/one-time-token.ts';
import { type Password, passwords, places } from './cast.ts';
import { oneTimeToken, pendingToken, sessionToken } from './choices.ts';
import { outcomeOf } from './command.ts';
import * as factorRules from './factor-rules.ts';
import { receiveAll } from './mail-commands.ts';
import * as mailRules from './mail-rules.ts';
import { search } from './operator-rules.ts';
import * as ownerRules from './owner-rules.ts';
import * as rules from './rules.ts';
import { hashOf, type Service } from './service.ts';
import { type Issued, isRemembered, type Typed, type World } from './world.ts';

const A_YEAR_MS = 365 * 86_400_000;

/**
 * Compare everything that the service knows with the model: accounts, every session and reset token
 * ever issued; and check that nothing is kept forever.
 */
export async function compareAll(world: World, service: Service): Promise<void> {
  await comparePendingLogins(world, service);
  await compareMails(world, service);
  await compareAccounts(world, service);
  await compareSessions(world, service);
  await compareTokens(world, service);
  // Owners hear of what the tokens did.
  await compareMails(world, service);
  await compareAccounts(world, service);
  await compareSessions(world, service);

  const { auth } = service;
  await service.passTime(A_YEAR_MS);
  await deleteExpired(auth);
  for (const table of [
    'sessions',
    'pending_logins',
    'pending_totp',
    'devices',
    'reserved_addresses',
    'one_time_tokens',
    'reset_tokens',
    'mails',
    'throttles',
    'known_addresses',
    'events',
  ]) {
    expect({ table, rows: await auth.database.read(table) }).toEqual({ table, rows: [] });
  }
}

async function compareMails(world: World, service: Service): Promise<void> {
  expect(await receiveAll(service)).toEqual(mailRules.sendAll(world));
}

/** Compares logins that wait for a code by a wrong one. */
async function comparePendingLogins(world: World, service: Service): Promise<void> {
  const [client] = places;
  if (!client) throw new Error('the cast is empty');
  for (const [number, pending] of world.pendingLogins.entries()) {
    const expected = await outcomeOf(async () => factorRules.logInWithCode(world, pending, 'no code', { client }));
    const sent = { secondFactorToken: pendingToken(service, number), code: 'no code', client };
    const actual = await outcomeOf(() => logInWithCode(service.auth, sent));
    expect({ number, ...actual }).toEqual({ number, ...expected });
  }
}

async function compareAccounts(world: World, service: Service): Promise<void> {
  const { auth } = service;
  const { users } = await listUsers(auth, { limit: 100 });
  expect(users.map(({ id: _id, updatedAt: _updatedAt, ...user }) => user)).toEqual(
    search(world, '').map((account) => {
      const { email, mailbox, password, hasOldHash, createdAt, role, emailVerified, lastLoginAt } = account;
      const { disabledAt, lockedAt, noticedSince, factor } = account;
      const passwordHash = hashOf(password, hasOldHash);
      const known = { createdAt, role, emailVerified, lastLoginAt, noticedSince, secondFactorAt: factor?.since };
      return { email, emailKey: mailbox.key, passwordHash, disabledAt, lockedAt, ...known };
    }),
  );
  for (const { id, email, emailKey } of users) {
    const moving = search(world, '').find(({ mailbox }) => mailbox.key === emailKey)?.moving;
    const expected = moving && world.now < moving.until ? moving.email : undefined;
    expect({ email, pending: await findPendingEmail(auth, { userId: id }) }).toEqual({ email, pending: expected });
  }
  await compareBrowsers(world, service);
  await compareFactors(world, service);
}

async function compareBrowsers(world: World, { auth, browsers }: Service): Promise<void> {
  const numbers = new Map(browsers.map((token, number) => [digestSecret(token), number]));
  const { users } = await listUsers(auth, { limit: 100 });
  for (const { id: userId, emailKey } of users) {
    const found = (await listDevices(auth, { userId })).map(({ digest, lastLoginAt, address }) => {
      return { number: numbers.get(digest) ?? -1, lastLoginAt, address };
    });
    const expected = world.browsers
      .filter((browser) => browser.account.mailbox.key === emailKey && isRemembered(world, browser))
      .map(({ number, lastLoginAt, client: { address } }) => ({ number, lastLoginAt, address }));
    expect(found.sort((one, other) => one.number - other.number)).toEqual(expected);
  }
}

async function compareFactors(world: World, { auth, apps, recoveryCodes }: Service): Promise<void> {
  const found = new Map<string, unknown>();
  for await (const { emailKey, factors } of exportUsers(auth, { withFactors: true })) {
    const { secret, lastStep } = factors?.totp ?? {};
    if (factors) found.set(emailKey, { secret, lastStep, recoveryDigests: [...factors.recoveryDigests].sort() });
  }
  const expected = new Map<string, unknown>();
  for (const { mailbox, factor } of world.accounts.values()) {
    if (!factor) continue;
    const left = factor.recoveryCodes.map(({ number }) => recoveryCodes[number]?.replaceAll('-', '') ?? '');
    const recoveryDigests = left.map(digestSecret).sort();
    expected.set(mailbox.key, { secret: apps[factor.app.number], lastStep: factor.lastStep, recoveryDigests });
  }
  expect(found).toEqual(expected);
}

async function compareSessions(world: World, service: Service): Promise<void> {
  for (const [number, session] of world.sessions.entries()) {
    const expected = await outcomeOf(async () => {
      const { account, methods } = rules.authenticate(world, session);
      return { email: account.email, methods };
    });
    const actual = await outcomeOf(async () => {
      const { email, methods } = await authenticate(service.auth, sessionToken(service, number));
      return { email, methods };
    });
    expect({ number, ...actual }).toEqual({ number, ...expected });
  }
}

/** Compares tokens by using them, each for its purpose. */
async function compareTokens(world: World, service: Service): Promise<void> {
  const [password] = passwords;
  const [client] = places;
  if (!client) throw new Error('the cast is empty');
  const [use, useReally] = [uses(world, client), realUses(service)];
  for (const [number, token] of world.tokens.entries()) {
    const to = token.purpose === 'reset' ? (token.account ?? token.to) : token.to;
    const { mailbox, email } = to;
    const current = token.purpose === 'email_change' ? (token.account?.password ?? password) : password;
    const sent = { email, token: oneTimeToken(service, number), password: current.spellings[0], client };
    const expected = await outcomeOf(async () => use[token.purpose]({ mailbox, email }, token, current));
    const actual = await outcomeOf(async () => ({ email: (await useReally[token.purpose](sent)).email }));
    expect({ number, ...actual }).toEqual({ number, ...expected });
  }
}

type Use = (typed: Typed, token: Issued, password: Password) => { email: string };

function uses(world: World, client: Requester): Record<TokenPurpose, Use> {
  const verify: Use = (typed, token, password) => mailRules.verify(world, typed, token, { password, client });
  return {
    reset: (typed, token, password) => rules.reset(world, typed, token, password, client),
    registration: verify,
    email_change: verify,
    invitation: (typed, invitation, password) => rules.register(world, typed, { password, client, invitation }),
    not_me: ({ email }, link) => {
      ownerRules.notMe(world, link);
      return { email };
    },
  };
}

interface Sent {
  readonly email: string;
  readonly token: string;
  readonly password: string;
  readonly client: Requester;
}

type RealUse = (sent: Sent) => Promise<{ readonly email: string }>;

function realUses({ auth }: Service): Record<TokenPurpose, RealUse> {
  const verify: RealUse = ({ token, ...sent }) => verifyEmail(auth, { ...sent, verificationToken: token });
  return {
    reset: ({ email, token, password, client }) =>
      resetPassword(auth, { email, resetToken: token, newPassword: password, client }),
    registration: verify,
    email_change: verify,
    invitation: ({ token, ...sent }) => register(auth, { ...sent, invitationToken: token }),
    not_me: async ({ token, email, client }) => {
      await notMe(auth, { token, client });
      return { email };
    },
  };
}
