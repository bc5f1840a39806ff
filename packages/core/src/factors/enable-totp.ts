import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { AuthError } from '../errors.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import { type Actor, confirmPassword } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf } from '../requester.ts';
import { type ActiveSession, makeSessionToken } from '../sessions/session.ts';
import { admitAttempt } from '../throttling/admit-attempt.ts';
import { changesOf } from '../throttling/throttle.ts';
import { toBase32 } from './base32.ts';
import type { PendingTotp } from './factor.ts';
import { makeRecoveryCodes } from './recovery-codes.ts';
import { findStep, TOTP_SECRET_BYTES, withoutSeparators } from './totp.ts';
import { invalidCode } from './use-code.ts';

/** How long a factor that was begun can be enabled. */
const PENDING_TOTP_MS = 10 * 60_000;

/**
 * Begin a TOTP factor. It changes nothing until a code shows that it works, and belongs to the
 * session that began it.
 *
 * @returns the secret in base32, for an authenticator app.
 * @throws {@link AuthError} `factor_enabled`; `email_not_verified`: where mails are sent, a factor
 * needs a proven address, since it would lock out an owner who proves the address later;
 * `invalid_credentials`; `rate_limited`; `overloaded`.
 */
export async function beginTotp(
  ports: AuthPorts,
  { password, ...actor }: Actor & { readonly password: string },
): Promise<{ secret: string; email: string }> {
  const { session } = actor;
  const user = await ports.store.findUserById(session.userId);
  if (!user) throw new AuthError('unauthenticated');
  if (user.secondFactorAt !== undefined) throw new AuthError('factor_enabled');
  if (ports.policy.sendsMail && !user.emailVerified) throw new AuthError('email_not_verified');
  using confirmed = await confirmPassword(ports, actor, { password });
  const secret = toBase32(ports.random.bytes(TOTP_SECRET_BYTES));
  await confirmed.write(async (transaction, { id: userId }) => {
    const createdAt = ports.clock.now();
    const expiresAt = createdAt + PENDING_TOTP_MS;
    await transaction.savePendingTotp({ sessionDigest: session.tokenDigest, userId, secret, createdAt, expiresAt });
  });
  return { secret, email: user.email };
}

/** The factor that a session began, to be shown again; none if it was not or is over. */
export async function findPendingTotp(
  { clock, store }: AuthPorts,
  { tokenDigest }: Pick<ActiveSession, 'tokenDigest'>,
): Promise<PendingTotp | undefined> {
  const pending = await store.findPendingTotp(tokenDigest);
  return pending && !isOver(pending, clock.now()) ? pending : undefined;
}

export interface EnabledTotp {
  /** Shown once. */
  readonly recoveryCodes: readonly string[];
  /** The new token of this session. */
  readonly token: string;
}

/**
 * Enable the factor that this session began, by a code of it, which then counts as used. Every
 * other session ends, and this one gets a new token: it is worth more than before.
 *
 * @throws {@link AuthError} `no_pending_factor`; `invalid_code`; `factor_enabled`, when another
 * session did so meanwhile; `unauthenticated`; `rate_limited`.
 */
export async function enableTotp(
  ports: AuthPorts,
  { session, client, code }: Actor & { readonly session: ActiveSession; readonly code: string },
): Promise<EnabledTotp> {
  const { userId, tokenDigest } = session;
  await admitAttempt(ports, { throttles: [changesOf(userId)], kind: 'confirmation', client, userId });
  const pending = await findPendingTotp(ports, session);
  if (!pending) throw new AuthError('no_pending_factor');
  const found = findStep(pending.secret, withoutSeparators(code), ports.clock.now());
  if (!found?.isAccepted) throw invalidCode(found ? 'clock' : 'wrong');
  const { codes, digests } = makeRecoveryCodes(ports.random);
  const renewed = makeSessionToken(ports.random);
  await ports.store.write(async (transaction) => {
    const user = await transaction.lockUser(userId);
    if (!user || !(await transaction.hasSession(tokenDigest))) throw new AuthError('unauthenticated');
    if (user.secondFactorAt !== undefined) throw new AuthError('factor_enabled');
    // First: its link takes away a factor that is no older than the notice.
    await oweNotice(ports, transaction, 'factor_enabled', user, client);
    const now = ports.clock.now();
    await transaction.insertTotp({ userId, secret: pending.secret, lastStep: found.step }, now);
    await transaction.replaceRecoveryCodes(userId, digests, now);
    await transaction.deletePendingFactors(userId);
    await transaction.deleteSessionsOfUser(userId, tokenDigest);
    const methods = [...session.methods.filter((method) => method !== 'totp'), 'totp'] as const;
    await transaction.renewSession(tokenDigest, { tokenDigest: renewed.tokenDigest, methods });
    // Wrong codes from elsewhere must not delay the owner's first login with a code.
    await transaction.rememberAddress(userId, networkOf(client.address), now, { isLogin: true });
    const who = { userId, emailKey: user.emailKey, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'second_factor_enabled', client, who));
  });
  return { recoveryCodes: codes, token: renewed.token };
}
