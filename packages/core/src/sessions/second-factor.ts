import { isShut } from '../accounts/user.ts';
import { isOver } from '../clock-skew.ts';
import { AuthError } from '../errors.ts';
import type { PendingLogin } from '../factors/factor.ts';
import { admitCode, useCode } from '../factors/use-code.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { findPlace, ofLogin } from '../throttling/throttle.ts';
import { digestSecret, stripBlanks } from '../tokens/digest.ts';
import { completeLogin, type LoggedIn } from './complete-login.ts';

/** How many codes one login may try. */
const MAX_TRIES = 5;

export interface SecondFactor {
  /** Of the login whose password was right. */
  readonly secondFactorToken: string;
  /** Six digits, or a recovery code. */
  readonly code: string;
  readonly client: Requester;
  /** Of a browser that was known before. */
  readonly deviceToken?: string | undefined;
}

/**
 * Complete a login by a code.
 *
 * @throws {@link AuthError} `invalid_code`: a code was compared, and is wrong or used;
 * `second_factor_expired`: the login is over, used or out of tries; `rate_limited`: no code is
 * compared.
 */
export async function logInWithCode(
  ports: AuthPorts,
  { secondFactorToken, code, client, deviceToken }: SecondFactor,
): Promise<LoggedIn> {
  const pending = await findValid(ports, secondFactorToken);
  const user = pending && (await ports.store.findUserById(pending.userId));
  if (!pending || !user) throw new AuthError('second_factor_expired');
  const place = await findPlace(ports, user.id, { client, deviceToken });
  const { guesses } = ofLogin(ports, user.emailKey, place, client);
  const admitted = await admitCode(ports, { code, user, client, place });
  const outcome = await ports.store.write(async (transaction) => {
    const current = await transaction.lockUser(user.id);
    if (current?.secondFactorAt === undefined || isShut(current)) return undefined;
    if (!(await transaction.tryPendingLogin(pending.digest, MAX_TRIES, ports.clock.now()))) return undefined;
    const used = await useCode(ports, transaction, { ...admitted, user: current });
    if ('refusal' in used) return used;
    await transaction.deletePendingLogin(pending.digest);
    const methods = ['password', used.method] as const;
    const shown = { user: current, methods, client, place, deviceToken, guesses };
    return completeLogin(ports, transaction, shown);
  });
  if (outcome === undefined || 'secondFactorToken' in outcome) throw new AuthError('second_factor_expired');
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome;
}

/** One that is over is deleted, so that it stays so when the clock is set back. */
async function findValid({ clock, store }: AuthPorts, token: string): Promise<PendingLogin | undefined> {
  const pending = await store.findPendingLogin(digestSecret(stripBlanks(token)));
  if (!pending || (pending.tries < MAX_TRIES && !isOver(pending, clock.now()))) return pending;
  await store.write((transaction) => transaction.deletePendingLogin(pending.digest));
  return undefined;
}
