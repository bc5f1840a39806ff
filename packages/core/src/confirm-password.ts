import { admitAttempt } from './admit-attempt.ts';
import type { Client } from './client.ts';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import { normalizePassword } from './password.ts';
import type { AuthPorts, WriteTransaction } from './ports.ts';
import type { ActiveSession } from './session.ts';
import { FAILED_LOGINS } from './throttle.ts';
import type { User } from './user.ts';

export type ConfirmPorts = Pick<AuthPorts, 'clock' | 'hasher' | 'sessions' | 'store' | 'policy'>;

/** Who acts: an open session, and where its request came from. */
export interface Actor {
  readonly session: ActiveSession;
  readonly client: Client;
}

/** A user whose password was just confirmed. */
export interface Confirmed {
  readonly user: User;
  /**
   * Runs a transaction in which the confirmation still holds.
   * @throws AuthError `invalid_credentials`: the password was changed meanwhile; `unauthenticated`: the session has ended meanwhile.
   */
  write<T>(work: (transaction: WriteTransaction, user: User) => Promise<T>): Promise<T>;
}

/**
 * Asks for the password again before something that a stolen session must not be enough for. Guesses are throttled for each user, apart from logins.
 *
 * @throws {@link AuthError} `invalid_credentials`: not this user's password; `rate_limited`, `overloaded`: before hashing.
 */
export async function confirmPassword(
  ports: ConfirmPorts,
  { session, client }: Actor,
  password: string,
): Promise<Confirmed> {
  using _place = ports.hasher.takePlace();
  const user = await ports.store.findUserById(session.userId);
  if (!user) throw new AuthError('unauthenticated');
  const throttle = { key: `confirm:user:${user.id}`, rule: FAILED_LOGINS };
  const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
  await admitAttempt(ports, { throttles: [throttle], kind: 'confirmation', client, ...who });

  const comparable = password.isWellFormed() ? user.passwordHash : undefined;
  if (!(await ports.hasher.verify(normalizePassword(password), comparable))) {
    const failure = authEvent(ports.clock, 'confirmation_failed', client, who);
    await ports.store.write((transaction) => transaction.addEvent(failure));
    throw new AuthError('invalid_credentials', { message: 'wrong password' });
  }
  return {
    user,
    write: (work) =>
      ports.store.write(async (transaction) => {
        const current = await transaction.lockUser(user.id);
        if (current?.passwordHash !== user.passwordHash) throw new AuthError('invalid_credentials');
        if (!(await transaction.hasSession(session.tokenDigest))) throw new AuthError('unauthenticated');
        await transaction.clearThrottles([throttle.key]);
        return work(transaction, current);
      }),
  };
}
