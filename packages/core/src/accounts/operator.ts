import { type AuthEventType, authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { StoredFactors } from '../factors/factor.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import { listSessions } from '../sessions/own-sessions.ts';
import type { Store, UserPage, WriteTransaction } from '../store.ts';
import { issueToken, voidPending } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { parseRole, type User } from './user.ts';

const USERS_PER_PAGE = 1000;

/**
 * Find the account that an operator names.
 *
 * @throws {@link AuthError} `invalid_request`: not an email address; `unknown_email`.
 */
export async function getUser(ports: AuthPorts, email: string): Promise<User> {
  const user = await ports.store.findUserByEmailKey(parseEmail(email).key);
  if (!user) throw new AuthError('unknown_email', { field: 'email' });
  return user;
}

/** An account as a list shows it. */
export interface ListedUser extends User {
  /** Milliseconds since the Unix epoch; missing if there was none. */
  readonly lastLoginAt: number | undefined;
}

/** @returns a page of accounts, and the key to continue after; none behind the last. */
export async function listUsers(
  { store }: AuthPorts,
  page: UserPage,
): Promise<{ users: ListedUser[]; next: string | undefined }> {
  // One more than asked for shows whether there is a next page.
  const found = await store.listUsers({ ...page, limit: page.limit + 1 });
  const users = await withLastLogins(store, found.slice(0, page.limit));
  return { users, next: found.length > page.limit ? users.at(-1)?.emailKey : undefined };
}

async function withLastLogins(store: Store, users: readonly User[]): Promise<ListedUser[]> {
  const lastLogins = await store.findLastLogins(users.map(({ id }) => id));
  return users.map((user) => ({ ...user, lastLoginAt: lastLogins.get(user.id) }));
}

/**
 * Show an account with its open sessions, and the bcrypt cost of its password.
 *
 * @throws {@link AuthError} `unknown_email`.
 */
export async function showUser(ports: AuthPorts, email: string) {
  const found = await getUser(ports, email);
  const sessions = await listSessions(ports, { userId: found.id });
  const lastLoginAt = (await ports.store.findLastLogins([found.id])).get(found.id);
  const user: ListedUser = { ...found, lastLoginAt };
  return { user, passwordCost: ports.hasher.costOf(user.passwordHash), sessions };
}

/** An account as an export holds it, with its factors if they were asked for. */
export interface ExportedUser extends User {
  readonly factors: StoredFactors | undefined;
}

/**
 * Every account, ordered by email key, with its hash in the form that other systems accept.
 *
 * @param withFactors reads the secrets of second factors too.
 */
export async function* exportUsers(
  { hasher, store }: AuthPorts,
  { withFactors = false }: { withFactors?: boolean } = {},
): AsyncGenerator<ExportedUser> {
  let afterEmailKey: string | undefined;
  for (;;) {
    const users = await store.listUsers({ afterEmailKey, limit: USERS_PER_PAGE });
    const factors = withFactors ? await store.listFactors(users.map(({ id }) => id)) : undefined;
    for (const user of users) {
      yield { ...user, passwordHash: hasher.exported(user.passwordHash), factors: factors?.get(user.id) };
    }
    afterEmailKey = users.at(-1)?.emailKey;
    if (afterEmailKey === undefined) return;
  }
}

/** Keep a user from logging in, and end all their sessions; the password stays as it is. */
export function disableUser(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'user_disabled', async (transaction, user) => {
    const disabledAt = user.disabledAt ?? ports.clock.now();
    await transaction.setDisabledAt(user.id, disabledAt);
    await transaction.deleteSessionsOfUser(user.id);
    await transaction.deleteDevicesOfUser(user.id);
    await voidPending(transaction, { userId: user.id }, 'disabled');
    return { ...user, disabledAt };
  });
}

/** Let a disabled user log in again. */
export function enableUser(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'user_enabled', async (transaction, user) => {
    await transaction.setDisabledAt(user.id, undefined);
    return { ...user, disabledAt: undefined };
  });
}

/**
 * Set the role of an account, which `GET /whoami` shows to applications.
 *
 * @throws {@link AuthError} `invalid_request`: not a role; `unknown_email`.
 */
export async function setRole(ports: AuthPorts, email: string, role: string): Promise<User> {
  parseRole(role);
  return change(ports, email, 'user_role_set', async (transaction, user) => {
    const updatedAt = ports.clock.now();
    await transaction.setRole(user.id, role, updatedAt);
    return { ...user, role, updatedAt };
  });
}

/** Mark an account's address as verified, by the operator's word. */
export function verifyUser(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'user_email_verified', async (transaction, user) => {
    const updatedAt = ports.clock.now();
    await transaction.setEmailVerified(user.id, updatedAt);
    return { ...user, emailVerified: true, updatedAt };
  });
}

/** Let people log in again to an account whose owner locked it. */
export function unlockUser(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'account_unlocked', async (transaction, user) => {
    await transaction.setLockedAt(user.id, undefined);
    return { ...user, lockedAt: undefined };
  });
}

/** Take away a second factor that its owner lost; the password alone lets them in again. */
export function resetFactors(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'second_factor_reset', async (transaction, user) => {
    if (user.secondFactorAt === undefined) {
      throw new AuthError('not_found', { message: 'this account has no second factor' });
    }
    await transaction.deleteFactors(user.id);
    await transaction.deletePendingFactors(user.id);
    await oweNotice(ports, transaction, 'factor_disabled', user, undefined);
    return { ...user, secondFactorAt: undefined };
  });
}

/** Deletes an account and all that hangs on it. */
export function deleteUser(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'user_deleted', async (transaction, user) => {
    await transaction.deleteUser(user.id);
    return user;
  });
}

/** End all sessions of one user. */
export function revokeSessions(ports: AuthPorts, email: string): Promise<User> {
  return change(ports, email, 'sessions_revoked', async (transaction, user) => {
    await transaction.deleteSessionsOfUser(user.id);
    await transaction.deleteDevicesOfUser(user.id);
    await transaction.deletePendingFactors(user.id);
    return user;
  });
}

/** End all sessions of all users. @returns how many. */
export function revokeAllSessions(ports: AuthPorts): Promise<number> {
  return ports.store.write(async (transaction) => {
    const ended = await transaction.deleteAllSessions();
    await transaction.addEvent(authEvent(ports.clock, 'all_sessions_revoked', undefined, {}, `${ended} ended`));
    return ended;
  });
}

/**
 * Issue a reset token for an operator to pass on, with any delivery. It voids an operator's older
 * one, but no requested token; nor does a request void an operator's.
 *
 * @returns the token, of which only the digest is stored, and when it expires, in milliseconds
 * since the Unix epoch.
 */
export function issueResetTokenFor(ports: AuthPorts, email: string) {
  return change(ports, email, 'password_reset_issued', async (transaction, user) => {
    if (user.disabledAt !== undefined) throw new AuthError('unknown_email', { message: 'this account is disabled' });
    if (user.lockedAt !== undefined) {
      const message = 'the owner locked this account, and opens it with a reset by mail; or unlock it first';
      throw new AuthError('unknown_email', { message });
    }
    const kind = { purpose: 'reset', userId: user.id, delivery: 'printed' } as const;
    const { token: resetToken, expiresAt } = await issueToken(ports, transaction, kind);
    return { user, resetToken, expiresAt };
  });
}

/** Change an account in a transaction that records it. @returns what `work` does. */
async function change<Result>(
  ports: AuthPorts,
  email: string,
  event: AuthEventType,
  work: (transaction: WriteTransaction, user: User) => Promise<Result>,
): Promise<Result> {
  const { id, emailKey } = await getUser(ports, email);
  return ports.store.write(async (transaction) => {
    const user = await transaction.lockUser(id);
    // If the owner has just changed the email, no account has the one that the operator named.
    if (user?.emailKey !== emailKey) throw new AuthError('unknown_email', { field: 'email' });
    const changed = await work(transaction, user);
    const who = { userId: user.id, emailKey: user.emailKey };
    await transaction.addEvent(authEvent(ports.clock, event, undefined, who, 'operator'));
    return changed;
  });
}
