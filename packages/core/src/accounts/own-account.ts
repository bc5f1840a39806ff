import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { AuthError } from '../errors.ts';
import { oweMail, oweNotice } from '../mail/owe-mail.ts';
import { type Actor, type Confirmation, confirmPassword } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import type { ActiveSession } from '../sessions/session.ts';
import { issueToken, voidPending } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { reserveLeftAddress } from './not-me.ts';

export interface EmailChange extends Actor, Confirmation {
  readonly newEmail: string;
}

export interface EmailChanged {
  /** The account's address from here on: the old one while the change is pending. */
  readonly email: string;
  /** Whether it waits for the proof of the new address. */
  readonly isPending: boolean;
}

/**
 * Change the address of an account. A reset token that was sent to the old one is void. Where
 * addresses must be proven, the change is pending until then: the new address gets a token, and the
 * old one a notice, also when the new one is taken.
 *
 * @throws {@link AuthError} `invalid_request`; `invalid_credentials`; `second_factor_required` and
 * `invalid_code`; `email_taken`, also when another request took it meanwhile; `rate_limited`;
 * `overloaded`.
 */
export async function changeEmail(
  ports: AuthPorts,
  { password, code, newEmail, ...actor }: EmailChange,
): Promise<EmailChanged> {
  const { session, client } = actor;
  const { address, key } = parseEmail(newEmail, 'new_email');
  using confirmed = await confirmPassword(ports, actor, { password, code });
  if (ports.policy.emailVerification === 'required') {
    await confirmed.write(async (transaction, user) => {
      const { id: userId, emailKey } = user;
      // Only the change that was asked for last is pending.
      await transaction.deleteTokens({ userId }, ['email_change']);
      await transaction.deleteMails({ userId }, ['email_change']);
      const pending = { purpose: 'email_change', userId, email: address, delivery: 'withheld' } as const;
      await issueToken(ports, transaction, pending);
      await oweMail(ports, transaction, { kind: 'email_change', userId, email: address, emailKey: key });
      await oweNotice(ports, transaction, 'email_change_notice', user, client);
      const who = { userId, emailKey, sessionId: session.id };
      await transaction.addEvent(authEvent(ports.clock, 'email_change_requested', client, who));
    });
    return { email: confirmed.user.email, isPending: true };
  }
  await confirmed.write(async (transaction, user) => {
    const changed = { email: address, emailKey: key, emailVerified: false };
    if (!(await transaction.updateEmail(user.id, changed, ports.clock.now()))) {
      throw new AuthError('email_taken', { field: 'new_email' });
    }
    await reserveLeftAddress(ports, transaction, user);
    await oweNotice(ports, transaction, 'email_changed', user, client);
    await voidPending(transaction, { userId: user.id }, 'email');
    await voidPending(transaction, { emailKeys: [key] }, 'made');
    const who = { userId: user.id, emailKey: key, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'email_changed', client, who));
  });
  return { email: address, isPending: false };
}

/**
 * Find the address to which the email of an account changes once it is proven, for the account's
 * own sessions: for a day, also where the new address is taken, so that this tells nothing of it.
 */
export async function findPendingEmail(
  { clock, store }: AuthPorts,
  { userId }: Pick<ActiveSession, 'userId'>,
): Promise<string | undefined> {
  const token = await store.findWithheldToken(userId, 'email_change');
  return token && !isOver(token, clock.now()) ? token.email : undefined;
}

/**
 * Delete an account and all its data. Audit events stay, and name it by its id and by the SHA-256
 * digest of its email.
 *
 * @throws {@link AuthError} `invalid_credentials`; `second_factor_required` and `invalid_code`;
 * `rate_limited`; `overloaded`.
 */
export async function deleteAccount(
  ports: AuthPorts,
  { password, code, ...actor }: Actor & Confirmation,
): Promise<string> {
  const { session, client } = actor;
  using confirmed = await confirmPassword(ports, actor, { password, code });
  await confirmed.write(async (transaction, user) => {
    await transaction.deleteUser(user.id);
    const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'user_deleted', client, who));
  });
  return confirmed.user.email;
}
