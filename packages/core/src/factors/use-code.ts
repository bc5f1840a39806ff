import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { LoginMethod } from '../sessions/session.ts';
import type { WriteTransaction } from '../store.ts';
import { admitAttempt } from '../throttling/admit-attempt.ts';
import { blockedForMs, type CodeCounter, countOne, noticeOfCodes, ofCode, type Place } from '../throttling/throttle.ts';
import { digestRecoveryCode } from './recovery-codes.ts';
import { findStep, lastStepAt, stepAt, withoutSeparators } from './totp.ts';

/** After how many wrong codes the owner hears that someone has the password (ASVS 5.0, 6.3.5). */
const TELLING_WRONG_CODES = 3;

/** A code that was counted and may be compared. */
export interface AdmittedCode {
  readonly code: string;
  readonly user: Pick<User, 'id' | 'email' | 'emailKey' | 'emailVerified' | 'secondFactorAt'>;
  readonly client: Requester;
  readonly sessionId?: string | undefined;
  /** The counter that a right code clears. */
  readonly counter: CodeCounter;
}

/**
 * Count a code before it is compared: a TOTP code and a recovery code alike.
 *
 * @throws {@link AuthError} `rate_limited`: it is not compared.
 */
export async function admitCode(
  ports: AuthPorts,
  { place, ...given }: Omit<AdmittedCode, 'counter'> & { readonly place: Place },
): Promise<AdmittedCode> {
  const { user, client } = given;
  const counter = await ofCode(ports, { user, client, device: place.device });
  const who = { userId: user.id, emailKey: user.emailKey };
  await admitAttempt(ports, { throttles: [counter], kind: 'second_factor', client, ...who });
  return { ...given, counter };
}

/** What came of a code: the method that it shows, or why it is refused. */
export type UsedCode = { readonly method: LoginMethod } | { readonly refusal: AuthError };

/**
 * Compare a code, and use it up, in the transaction of what it allows, once the user is locked.
 *
 * @returns a refusal instead of throwing it, so that what is written about it stays.
 */
export async function useCode(
  ports: AuthPorts,
  transaction: WriteTransaction,
  admitted: AdmittedCode,
): Promise<UsedCode> {
  const { user, client, sessionId, counter } = admitted;
  const who = { userId: user.id, emailKey: user.emailKey, sessionId };
  const used = await compare(ports, transaction, admitted);
  if ('method' in used) {
    await transaction.clearThrottles([counter.key, noticeOfCodes(user.id).key]);
    if (used.method === 'recovery_code') {
      await transaction.addEvent(authEvent(ports.clock, 'recovery_code_used', client, who));
      await oweNotice(ports, transaction, 'recovery_code_used', user, client);
    }
    return used;
  }
  await transaction.addEvent(authEvent(ports.clock, 'second_factor_failed', client, who, used.detail));
  await tellOwner(ports, transaction, admitted);
  // A stranger who guesses codes could use one that is yet to come, if they heard of it.
  const isWithheld = used.isYetToCome && !counter.isOfKnown;
  return { refusal: invalidCode(isWithheld ? 'wrong' : used.detail) };
}

/** A refusal that says why. */
export function invalidCode(why: keyof typeof refusals): AuthError {
  return new AuthError('invalid_code', { field: 'code', message: refusals[why] });
}

/** By what the event says. */
const refusals = {
  wrong: 'wrong code',
  used: 'this code was used already: wait for the next one',
  clock: 'this code is of another time: check the clock of your device, and that of the server',
};

type Compared =
  | { readonly method: LoginMethod }
  | { readonly detail: keyof typeof refusals; readonly isYetToCome?: boolean };

async function compare(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  { code, user }: AdmittedCode,
): Promise<Compared> {
  const digits = withoutSeparators(code);
  if (!/^\d{6}$/.test(digits)) {
    const isTaken = await transaction.takeRecoveryCode(user.id, digestRecoveryCode(code));
    return isTaken ? { method: 'recovery_code' } : { detail: 'wrong' };
  }
  const now = clock.now();
  const factor = await transaction.findTotp(user.id);
  const found = factor && findStep(factor.secret, digits, now);
  if (!found) return { detail: 'wrong' };
  if (!found.isAccepted) return { detail: 'clock', isYetToCome: found.step > stepAt(now) };
  const isTaken = await transaction.takeTotpStep(user.id, found.step, lastStepAt(now));
  return isTaken ? { method: 'totp' } : { detail: 'used' };
}

/** A code is asked for after a right password: someone who guesses codes has it. */
async function tellOwner(
  ports: AuthPorts,
  transaction: WriteTransaction,
  { user, client, counter }: AdmittedCode,
): Promise<void> {
  const wrong = await transaction.lockThrottle(counter.key);
  if (wrong === undefined || wrong.count < TELLING_WRONG_CODES) return;
  const { key, rule } = noticeOfCodes(user.id);
  const sent = await transaction.lockThrottle(key);
  const now = ports.clock.now();
  if (blockedForMs(rule, sent, now) > 0) return;
  await transaction.saveThrottle(key, countOne(rule, sent, now));
  await oweNotice(ports, transaction, 'wrong_codes', user, client);
}
