import { parseEmail } from '../accounts/email.ts';
import { isShut, type User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { normalizePassword } from '../passwords/password-rules.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { admitGuess } from '../throttling/admit-attempt.ts';
import { findPlace, ofLogin, type Place, type Throttle } from '../throttling/throttle.ts';
import { type CodeNeeded, completeLogin, type LoggedIn } from './complete-login.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly client: Requester;
  /** Of a browser that was known before. */
  readonly deviceToken?: string | undefined;
}

/**
 * Check a password and open a session, unless the account has a second factor.
 *
 * An unknown email costs the same hash and the same writes as a known one, so that the response
 * time does not reveal which emails have accounts.
 *
 * @returns the session and its token, which is shown once and stored only as a SHA-256 digest; or
 * what is needed to send a code, see `second-factor.ts`.
 * @throws {@link AuthError} `invalid_credentials`: unknown email, disabled or locked account, or
 * wrong password, alike; `rate_limited` and `overloaded`: before hashing.
 * @see https://thecopenhagenbook.com/password-authentication
 */
export async function logIn(
  ports: AuthPorts,
  { email, password, client, deviceToken }: Credentials,
): Promise<LoggedIn | CodeNeeded> {
  const { key } = parseEmail(email);
  const user = await ports.store.findUserByEmailKey(key);
  const place = await findPlace(ports, user?.id, { client, deviceToken });
  const { throttles, guesses } = ofLogin(ports, key, place, client);
  using _admission = await admitGuess(ports, {
    throttles,
    guesses,
    isKnown: place.device !== undefined,
    kind: 'login',
    client,
    userId: user?.id,
    emailKey: key,
  });

  const attempt = { emailKey: key, password, client, place, deviceToken, guesses };
  let candidate = user;
  for (;;) {
    const outcome = await compareAndOpen(ports, candidate, attempt);
    if (!('changed' in outcome)) return outcome;
    candidate = outcome.changed;
  }
}

interface Attempt extends Omit<Credentials, 'email' | 'deviceToken'> {
  readonly deviceToken: string | undefined;
  readonly emailKey: string;
  readonly place: Place;
  readonly guesses: Throttle;
}

/**
 * @returns the current user, if it changed between the comparison and the session: by a reset, or
 * by another login that stored a better hash.
 */
async function compareAndOpen(
  ports: AuthPorts,
  user: User | undefined,
  { emailKey, password, ...from }: Attempt,
): Promise<LoggedIn | CodeNeeded | { changed: User | undefined }> {
  const { client } = from;
  const comparable = password.isWellFormed() ? user?.passwordHash : undefined;
  const matches = await ports.hasher.verify(password, comparable, { isKnown: from.place.device !== undefined });
  if (!user || !matches || isShut(user)) {
    const failure = authEvent(ports.clock, 'login_failed', client, { userId: user?.id, emailKey });
    await ports.store.write((transaction) => transaction.addEvent(failure));
    throw new AuthError('invalid_credentials');
  }

  const betterHash = await hashBetter(ports, password, user.passwordHash);
  return ports.store.write(async (transaction) => {
    const current = await transaction.lockUser(user.id);
    if (current?.passwordHash !== user.passwordHash || isShut(current)) return { changed: current };
    if (betterHash !== undefined) {
      await transaction.updatePasswordHash(user.id, betterHash, ports.clock.now());
      await transaction.addEvent(authEvent(ports.clock, 'password_rehashed', client, { userId: user.id, emailKey }));
    }
    return completeLogin(ports, transaction, { user: current, methods: ['password'], ...from });
  });
}

/** Hash with the current scheme and cost, if due. If the queue is full, a later login does it. */
async function hashBetter(ports: AuthPorts, password: string, passwordHash: string): Promise<string | undefined> {
  if (!ports.hasher.needsRehash(passwordHash)) return undefined;
  try {
    using _place = ports.hasher.takePlace();
    return await ports.hasher.hash(normalizePassword(password));
  } catch (error) {
    if (error instanceof AuthError && error.code === 'overloaded') return undefined;
    throw error;
  }
}
