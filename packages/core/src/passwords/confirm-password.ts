import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { ActiveSession } from '../sessions/session.ts';
import type { WriteTransaction } from '../store.ts';
import { admitGuess } from '../throttling/admit-attempt.ts';
import { changesOf, confirmationCounter, FAILED_LOGINS } from '../throttling/throttle.ts';

/** The requester of a change: an open session, and where the request came from. */
export interface Actor {
  readonly session: Pick<ActiveSession, 'id' | 'tokenDigest' | 'userId' | 'email'>;
  readonly client: Requester;
}

/**
 * A user whose password was just confirmed. It holds a slot in the hashing queue until disposed of.
 */
export interface Confirmed extends Disposable {
  readonly user: User;
  /**
   * Run a transaction in which the confirmation still holds.
   *
   * @throws AuthError `invalid_credentials`: the password changed meanwhile; `unauthenticated`: the
   * session ended meanwhile.
   */
  write<T>(work: (transaction: WriteTransaction, user: User) => Promise<T>): Promise<T>;
}

/**
 * Verify the password again before a change that a stolen session must not allow. Guesses are
 * throttled per user, and counted apart from those of logins.
 *
 * @throws {@link AuthError} `invalid_credentials`: wrong password; `rate_limited`, `overloaded`:
 * before hashing.
 */
export async function confirmPassword(
  ports: AuthPorts,
  { session, client }: Actor,
  password: string,
): Promise<Confirmed> {
  const user = await ports.store.findUserById(session.userId);
  if (!user) throw new AuthError('unauthenticated');
  const confirmed = await confirmOwner(ports, { user, client, sessionId: session.id }, password);
  return {
    ...confirmed,
    write: (work) =>
      confirmed.write(async (transaction, current) => {
        if (!(await transaction.hasSession(session.tokenDigest))) throw new AuthError('unauthenticated');
        return work(transaction, current);
      }),
  };
}

/** As {@link confirmPassword}, where a token stands for the session. */
export async function confirmOwner(
  ports: AuthPorts,
  { user, client, sessionId }: { user: User; client: Requester; sessionId?: string },
  password: string,
): Promise<Confirmed> {
  const guesses = { key: confirmationCounter(user.id), rule: FAILED_LOGINS };
  const throttles = [changesOf(user.id), guesses];
  const who = { userId: user.id, emailKey: user.emailKey, sessionId };
  const admission = await admitGuess(ports, { throttles, guesses, kind: 'confirmation', client, ...who });
  try {
    const comparable = password.isWellFormed() ? user.passwordHash : undefined;
    if (!(await ports.hasher.verify(password, comparable))) {
      const failure = authEvent(ports.clock, 'confirmation_failed', client, who);
      await ports.store.write((transaction) => transaction.addEvent(failure));
      throw new AuthError('invalid_credentials', { message: 'wrong password' });
    }
  } catch (error) {
    admission[Symbol.dispose]();
    throw error;
  }
  return {
    user,
    [Symbol.dispose]: () => admission[Symbol.dispose](),
    write: (work) =>
      ports.store.write(async (transaction) => {
        const current = await transaction.lockUser(user.id);
        if (current?.passwordHash !== user.passwordHash) throw new AuthError('invalid_credentials');
        await transaction.clearThrottles([guesses.key]);
        return work(transaction, current);
      }),
  };
}
