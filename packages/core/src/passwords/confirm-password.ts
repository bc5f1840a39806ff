import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { type AdmittedCode, admitCode, useCode } from '../factors/use-code.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { ActiveSession } from '../sessions/session.ts';
import type { WriteTransaction } from '../store.ts';
import { admitGuess } from '../throttling/admit-attempt.ts';
import { changesOf, confirmationCounter, FAILED_LOGINS, findPlace } from '../throttling/throttle.ts';

/** The requester of a change: an open session, and where the request came from. */
export interface Actor {
  readonly session: Pick<ActiveSession, 'id' | 'tokenDigest' | 'userId' | 'email'>;
  readonly client: Requester;
}

/** What people show again before a change that matters. */
export interface Confirmation {
  readonly password: string;
  /** Of an account with a second factor: six digits, or a recovery code. */
  readonly code?: string | undefined;
}

/**
 * A user whose password was just confirmed, and whose code was counted. It holds a slot in the
 * hashing queue until disposed of.
 */
export interface Confirmed extends Disposable {
  readonly user: User;
  /**
   * Run a transaction in which the confirmation still holds. It uses the code up.
   *
   * @throws AuthError `invalid_code`; `invalid_credentials`: the password changed meanwhile;
   * `unauthenticated`: the session ended meanwhile.
   */
  write<T>(work: (transaction: WriteTransaction, user: User) => Promise<T>): Promise<T>;
}

/**
 * Verify the password again before a change that a stolen session must not allow, and the code of
 * an account with a second factor. Guesses are throttled per user, and counted apart from those of
 * logins.
 *
 * @throws {@link AuthError} `second_factor_required`: the code is missing, and nothing was counted;
 * `invalid_credentials`: wrong password; `rate_limited`, `overloaded`: before hashing.
 */
export async function confirmPassword(
  ports: AuthPorts,
  { session, client }: Actor,
  confirmation: Confirmation,
): Promise<Confirmed> {
  const user = await ports.store.findUserById(session.userId);
  if (!user) throw new AuthError('unauthenticated');
  const confirmed = await confirmOwner(ports, { user, client, sessionId: session.id }, confirmation);
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
  { password, code }: Confirmation,
): Promise<Confirmed> {
  if (user.secondFactorAt !== undefined && code === undefined) throw new AuthError('second_factor_required');
  const guesses = { key: confirmationCounter(user.id), rule: FAILED_LOGINS };
  const throttles = [changesOf(user.id), guesses];
  const who = { userId: user.id, emailKey: user.emailKey, sessionId };
  let admitted: AdmittedCode | undefined;
  const admission = await admitGuess(ports, { throttles, guesses, kind: 'confirmation', client, ...who });
  try {
    const comparable = password.isWellFormed() ? user.passwordHash : undefined;
    if (!(await ports.hasher.verify(password, comparable))) {
      const failure = authEvent(ports.clock, 'confirmation_failed', client, who);
      await ports.store.write((transaction) => transaction.addEvent(failure));
      throw new AuthError('invalid_credentials', { message: 'wrong password' });
    }
    if (user.secondFactorAt !== undefined && code !== undefined) {
      const place = await findPlace(ports, user.id, { client });
      admitted = await admitCode(ports, { code, user, client, sessionId, place });
    }
  } catch (error) {
    admission[Symbol.dispose]();
    throw error;
  }
  return {
    user,
    [Symbol.dispose]: () => admission[Symbol.dispose](),
    write: async (work) => {
      const outcome = await ports.store.write(async (transaction) => {
        const current = await transaction.lockUser(user.id);
        if (current?.passwordHash !== user.passwordHash) throw new AuthError('invalid_credentials');
        await transaction.clearThrottles([guesses.key]);
        if (current.secondFactorAt !== undefined) {
          if (!admitted) throw new AuthError('second_factor_required');
          const used = await useCode(ports, transaction, { ...admitted, user: current });
          if ('refusal' in used) return used;
        }
        return { done: await work(transaction, current) };
      });
      if ('refusal' in outcome) throw outcome.refusal;
      return outcome.done;
    },
  };
}
