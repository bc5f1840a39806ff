import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import type { Place, Throttle } from '../throttling/throttle.ts';
import { type KnownDevice, rememberDevice } from './devices.ts';
import { type IssuedSession, issueSession, type LoginMethod, makeSessionToken } from './session.ts';

/** How long a login waits for its code. */
const PENDING_LOGIN_MS = 5 * 60_000;

export interface LoggedIn extends IssuedSession {
  readonly user: User;
  readonly device: KnownDevice;
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
  readonly place: Place;
  readonly deviceToken: string | undefined;
  /** The counter of guesses that a login clears, once it is complete. */
  readonly guesses: Throttle;
}

/**
 * Decide whether a login is complete. Every way in ends here: no other function opens a session.
 * Until a login is complete, it earns nothing: no counter is cleared, and no address or device is
 * known.
 */
export async function completeLogin(
  ports: AuthPorts,
  transaction: WriteTransaction,
  { user, methods, client, place, deviceToken, guesses }: Shown,
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
  await transaction.clearThrottles([guesses.key]);
  await transaction.rememberAddress(user.id, networkOf(client.address), createdAt, { isLogin: true });
  const known = { userId: user.id, client, known: place.device, token: deviceToken };
  const device = await rememberDevice(ports, transaction, known);
  await tellOwner(ports, transaction, { user, client, place });
  await transaction.addEvent(authEvent(ports.clock, 'login_succeeded', client, { ...who, sessionId }));
  return { ...issued, user, device };
}

/** Not of the first login, nor of the first since this version: it is no news. */
async function tellOwner(
  ports: AuthPorts,
  transaction: WriteTransaction,
  { user, client, place }: Pick<Shown, 'user' | 'client' | 'place'>,
): Promise<void> {
  if (user.noticedSince === undefined) await transaction.noteLogins(user.id, ports.clock.now());
  else if (!place.device && !place.network) await oweNotice(ports, transaction, 'login_notice', user, client);
}
