import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import { type IssuedSession, issueSession, type LoginMethod, makeSessionToken } from './session.ts';

/** How long a login waits for its code. */
const PENDING_LOGIN_MS = 5 * 60_000;

export interface LoggedIn extends IssuedSession {
  readonly user: User;
}

/** A login that needs a code. Its token is shown once, and opens nothing. */
export interface CodeNeeded {
  readonly secondFactorToken: string;
  /** What the account has to show a code with. */
  readonly methods: readonly LoginMethod[];
}

const SECOND_METHODS: readonly LoginMethod[] = ['totp', 'recovery_code'];

/** What a person has shown so far, and where. */
interface Shown {
  /** The user as locked by this transaction. */
  readonly user: User;
  readonly methods: readonly LoginMethod[];
  readonly client: Requester;
  /** The counters of guesses that a login clears, once it is complete. */
  readonly counters: readonly string[];
}

/**
 * Decide whether a login is complete. Every way in ends here: no other function opens a session.
 * Until a login is complete, it earns nothing: no counter is cleared, and no address is known.
 */
export async function completeLogin(
  ports: AuthPorts,
  transaction: WriteTransaction,
  { user, methods, client, counters }: Shown,
): Promise<LoggedIn | CodeNeeded> {
  const who = { userId: user.id, emailKey: user.emailKey };
  if (user.secondFactorAt !== undefined && !methods.some((method) => SECOND_METHODS.includes(method))) {
    const { token: secondFactorToken, tokenDigest: digest } = makeSessionToken(ports.random);
    const createdAt = ports.clock.now();
    const expiresAt = createdAt + PENDING_LOGIN_MS;
    await transaction.insertPendingLogin({ digest, userId: user.id, tries: 0, createdAt, expiresAt });
    await transaction.addEvent(authEvent(ports.clock, 'second_factor_required', client, who));
    return { secondFactorToken, methods: SECOND_METHODS };
  }
  const issued = issueSession({ ...ports, lifetimes: ports.policy.lifetimes }, { userId: user.id, methods }, client);
  const { id: sessionId, createdAt } = issued.session;
  await transaction.insertSession(issued.session);
  await transaction.clearThrottles(counters);
  await transaction.rememberAddress(user.id, networkOf(client.address), createdAt, { isLogin: true });
  await transaction.addEvent(authEvent(ports.clock, 'login_succeeded', client, { ...who, sessionId }));
  return { ...issued, user };
}
