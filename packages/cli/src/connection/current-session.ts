import { ApiRefusal, isTokenText, type SessionCookie, type SuccessBody } from '@authsvc/client';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import { type Account, findAccount, isSameAccount } from '../session-store/account-index.ts';
import { notLoggedIn } from '../session-store/session-store.ts';
import { checkEmailOption, stripBlanks } from '../terminal/answers.ts';
import type { CommandSetup } from './prepare-command.ts';

/** The session that a command uses; it has an `account` when it is stored on this machine. */
export interface CurrentSession extends SessionCookie {
  readonly account?: Account;
}

/**
 * Find the session: the one in AUTHSVC_SESSION, else the stored one of the account that is meant.
 *
 * @returns `undefined` when there is no session.
 * @throws {@link CliError} `usage`: AUTHSVC_SESSION holds no session token. `keychain_locked`.
 */
export async function findCurrentSession(
  { env }: Context,
  { store, server }: CommandSetup,
  email?: string,
): Promise<CurrentSession | undefined> {
  const fromEnvironment = stripBlanks(env.AUTHSVC_SESSION ?? '');
  if (fromEnvironment) {
    if (isTokenText(fromEnvironment)) return { token: fromEnvironment };
    throw usageError('AUTHSVC_SESSION does not hold a session token', {
      next: { say: 'Make one', command: shell`authsvc login --print-session` },
    });
  }
  const account = findAccount(store.index(), server, email);
  if (!account) return undefined;
  return { account, cookie: account.cookie, token: await store.getToken(account) };
}

/**
 * Get the session, for a command that needs one.
 *
 * @throws {@link CliError} `not_logged_in`, and what {@link findCurrentSession} throws.
 */
export async function getCurrentSession(
  context: Context,
  setup: CommandSetup,
  email: string | undefined,
): Promise<CurrentSession> {
  checkEmailOption(email);
  const session = await findCurrentSession(context, setup, email);
  if (!session) throw notLoggedIn(setup.server, email);
  return session;
}

/** Keep a stored session, and its device, under the address that its account has now. */
export async function renameSession(
  { store, devices }: CommandSetup,
  { account, token }: CurrentSession,
  email: string,
): Promise<void> {
  if (!account) return;
  // Kept under the new name before the old one goes, so that no failure loses the session.
  const renamed = { ...account, email };
  await store.save(renamed, token);
  await devices.rename(account, renamed);
  if (!isSameAccount(renamed, account)) await store.forget(account);
}

/** Call the service as the owner of a session. @throws {@link CliError} `session_expired` */
export async function sendAs(
  { client }: CommandSetup,
  session: CurrentSession,
  ...[method, path, fields]: [method: 'GET' | 'PUT' | 'DELETE', path: string, fields?: object]
): Promise<SuccessBody> {
  return await asOwner(session, client.send(method, path, session, fields));
}

/** Wait for a call that needs a session. @throws {@link CliError} `session_expired` */
export async function asOwner<T>(session: CurrentSession, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiRefusal && error.code === 'unauthenticated') throw sessionRefused(session, error);
    throw error;
  }
}

/** The service does not know the session: it has ended, or never existed. */
function sessionRefused(session: CurrentSession, cause: unknown): CliError {
  const isStored = session.account !== undefined;
  return new CliError({
    status: exitStatus.notLoggedIn,
    code: 'session_expired',
    what: isStored ? 'Your session has expired' : 'The session in AUTHSVC_SESSION is not valid, or no longer',
    next: isStored
      ? { say: 'Log in again', command: shell`authsvc login` }
      : { say: 'Make a new one', command: shell`authsvc login --print-session` },
    cause,
  });
}
