import { type AuthEventType, authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { NoticeKind } from '../mail/outbox-mail.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import { type Actor, type Confirmation, confirmPassword } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import type { ActiveSession } from '../sessions/session.ts';
import type { WriteTransaction } from '../store.ts';
import { makeRecoveryCodes } from './recovery-codes.ts';

/** What an account shows a code with. */
export interface Factors {
  /** Milliseconds since the Unix epoch. */
  readonly totp: { readonly enabledAt: number } | undefined;
  /** How many are left. */
  readonly recoveryCodes: number;
}

/** @throws {@link AuthError} `unauthenticated`: the account has gone. */
export async function listFactors({ store }: AuthPorts, { userId }: Pick<ActiveSession, 'userId'>): Promise<Factors> {
  const user = await store.findUserById(userId);
  if (!user) throw new AuthError('unauthenticated');
  if (user.secondFactorAt === undefined) return { totp: undefined, recoveryCodes: 0 };
  return { totp: { enabledAt: user.secondFactorAt }, recoveryCodes: await store.countRecoveryCodes(userId) };
}

/**
 * Take the second factor away, with its recovery codes.
 *
 * @throws {@link AuthError} `not_found`: there is none; `second_factor_required`, `invalid_code`,
 * `invalid_credentials`, `rate_limited`, `overloaded`: as for any change.
 */
export function disableTotp(ports: AuthPorts, change: Actor & Confirmation): Promise<void> {
  return changeFactors(ports, change, disabled, async (transaction, userId) => {
    await transaction.deleteFactors(userId);
    await transaction.deletePendingFactors(userId);
  });
}

/**
 * Make new recovery codes, which void the old ones.
 *
 * @returns the codes, which are shown once.
 * @throws {@link AuthError} as {@link disableTotp}.
 */
export async function renewRecoveryCodes(ports: AuthPorts, change: Actor & Confirmation): Promise<string[]> {
  const { codes, digests } = makeRecoveryCodes(ports.random);
  await changeFactors(ports, change, renewed, (transaction, userId) =>
    transaction.replaceRecoveryCodes(userId, digests, ports.clock.now()),
  );
  return codes;
}

const disabled = { event: 'second_factor_disabled', notice: 'factor_disabled' } as const;
const renewed = { event: 'recovery_codes_renewed', notice: 'recovery_codes_renewed' } as const;

async function changeFactors(
  ports: AuthPorts,
  { password, code, ...actor }: Actor & Confirmation,
  { event, notice }: { readonly event: AuthEventType; readonly notice: NoticeKind },
  work: (transaction: WriteTransaction, userId: string) => Promise<void>,
): Promise<void> {
  const { session, client } = actor;
  const none = new AuthError('not_found', { message: 'this account has no second factor' });
  const { totp } = await listFactors(ports, session);
  if (!totp) throw none;
  using confirmed = await confirmPassword(ports, actor, { password, code });
  await confirmed.write(async (transaction, user) => {
    if (user.secondFactorAt === undefined) throw none;
    // First: its link voids the codes that are no older than the notice.
    await oweNotice(ports, transaction, notice, user, client);
    await work(transaction, user.id);
    const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, event, client, who));
  });
}
