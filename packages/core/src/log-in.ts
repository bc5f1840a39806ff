import { admitAttempt, byAccount, byAddress } from './admit-attempt.ts';
import { type Client, networkOf } from './client.ts';
import { parseEmail } from './email.ts';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import { normalizePassword } from './password.ts';
import type { AuthPorts } from './ports.ts';
import { type IssuedSession, issueSession } from './session.ts';
import { LOGINS_BY_ADDRESS } from './throttle.ts';
import type { User } from './user.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly client: Client;
}

export interface LoggedIn extends IssuedSession {
  readonly user: User;
}

/**
 * Checks a password and opens a session.
 *
 * An unknown email costs the same hash and the same writes as a known one, so that the time taken does not tell which emails have accounts.
 *
 * @returns the session and its token, which is shown once and stored only as a SHA-256 digest.
 * @throws {@link AuthError} `invalid_credentials`: unknown email, disabled account or wrong password, alike; `rate_limited`
 * and `overloaded`: before hashing.
 * @see https://thecopenhagenbook.com/password-authentication
 */
export async function logIn(
  ports: Pick<AuthPorts, 'clock' | 'random' | 'hasher' | 'store' | 'policy'>,
  { email, password, client }: Credentials,
): Promise<LoggedIn> {
  const { key } = parseEmail(email);
  const user = await ports.store.findUserByEmailKey(key);
  const account = await byAccount(ports, key, user?.id, client);
  await admitAttempt(ports, {
    throttles: [...byAddress(ports, 'login', LOGINS_BY_ADDRESS, client), account],
    event: 'login_throttled',
    client,
    userId: user?.id,
    emailKey: key,
  });

  const normalized = normalizePassword(password);
  const comparable = password.isWellFormed() ? user?.passwordHash : undefined;
  const matches = await ports.hasher.verify(normalized, comparable);

  if (!user || !matches || user.disabledAt !== undefined) {
    const failure = authEvent(ports.clock, 'login_failed', client, { userId: user?.id, emailKey: key });
    await ports.store.write((transaction) => transaction.addEvent(failure));
    throw new AuthError('invalid_credentials');
  }

  const upgradedHash = ports.hasher.needsRehash(user.passwordHash) ? await ports.hasher.hash(normalized) : undefined;
  const issued = issueSession({ ...ports, lifetimes: ports.policy.lifetimes }, user.id, client);
  await ports.store.write(async (transaction) => {
    const current = await transaction.lockUser(user.id);
    // A reset may have come between the comparison and this line.
    if (current?.passwordHash !== user.passwordHash || current.disabledAt !== undefined) {
      throw new AuthError('invalid_credentials');
    }
    const who = { userId: user.id, emailKey: key, sessionId: issued.session.id };
    if (upgradedHash) {
      await transaction.updatePasswordHash(user.id, upgradedHash, issued.session.createdAt);
      await transaction.addEvent(authEvent(ports.clock, 'password_rehashed', client, who));
    }
    await transaction.insertSession(issued.session);
    await transaction.clearThrottles([account.key]);
    await transaction.rememberAddress(user.id, networkOf(client.address), issued.session.createdAt);
    await transaction.addEvent(authEvent(ports.clock, 'login_succeeded', client, who));
  });
  return { ...issued, user };
}
