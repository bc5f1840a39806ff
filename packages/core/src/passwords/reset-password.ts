import { parseEmail } from '../accounts/email.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import { admitPassword } from '../throttling/admit-attempt.ts';
import { accountThrottleKeys, byAddress, confirmationCounter, RESETS_PER_MINUTE } from '../throttling/throttle.ts';
import { consumeToken, findToken, refuseToken } from '../tokens/one-time-tokens.ts';
import { admitNewPassword } from './password-rules.ts';

export interface PasswordReset {
  readonly email: string;
  readonly resetToken: string;
  readonly newPassword: string;
  readonly client: Requester;
}

/**
 * Set a new password for the owner of a reset token, consume the token, and end every session of
 * that user and all that is pending: all of it or nothing.
 *
 * A token that was mailed also proves the address. No matter who made the account, only the owner
 * of the mailbox is left with it.
 *
 * @throws {@link AuthError} `invalid_reset_token`: unknown, used, expired or another user's token,
 * alike; `password_rejected`, `rate_limited`, `overloaded`: before hashing, and the token stays
 * good.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
 */
export async function resetPassword(
  ports: AuthPorts,
  { email, resetToken, newPassword, client }: PasswordReset,
): Promise<User> {
  const { key } = parseEmail(email);
  const admitted = await admitNewPassword(ports, newPassword, key, 'new_password');
  using _place = await admitPassword(ports, {
    throttles: byAddress(ports, 'reset', Math.max(RESETS_PER_MINUTE, ports.policy.resetsPerMinute), client),
    kind: 'password_reset',
    client,
    emailKey: key,
  });
  const user = await ports.store.findUserByEmailKey(key);
  const token = await findToken(ports, resetToken, 'reset');
  // Refused before hashing: a flood of wrong tokens, which cannot be guessed, must not fill the
  // queue.
  if (!user || token?.userId !== user.id || isOver(token, ports.clock.now())) return refuse();

  const passwordHash = await ports.hasher.hash(admitted);
  const isDone = await ports.store.write(async (transaction) => {
    const now = ports.clock.now();
    const current = await transaction.lockUser(user.id);
    if (!current || current.disabledAt !== undefined) return false;
    // Only the owner of the mailbox opens an account that was locked.
    if (current.lockedAt !== undefined && token.delivery !== 'mailed') return false;
    if (!(await consumeToken(ports, transaction, token))) return false;
    await transaction.updatePasswordHash(user.id, passwordHash, now);
    await transaction.deleteSessionsOfUser(user.id);
    await transaction.deleteDevicesOfUser(user.id);
    await transaction.clearThrottles([...accountThrottleKeys(key, client), confirmationCounter(user.id)]);
    // The owner logs in from here next, where guesses of others must not block the login.
    await transaction.rememberAddress(user.id, networkOf(client.address), now, { isLogin: false });
    const who = { userId: user.id, emailKey: key };
    await transaction.addEvent(authEvent(ports.clock, 'password_reset_completed', client, who));
    if (token.delivery === 'mailed' && !current.emailVerified) {
      await transaction.setEmailVerified(user.id, now);
      await transaction.addEvent(authEvent(ports.clock, 'email_verified', client, who));
    }
    if (current.lockedAt !== undefined) {
      await transaction.setLockedAt(user.id, undefined);
      await transaction.addEvent(authEvent(ports.clock, 'account_unlocked', client, who));
    }
    await oweNotice(ports, transaction, 'password_changed', current, client);
    return true;
  });
  return isDone ? user : refuse();

  function refuse(): Promise<never> {
    const refusal = authEvent(ports.clock, 'password_reset_refused', client, { userId: user?.id, emailKey: key });
    return refuseToken(ports, token, refusal, 'invalid_reset_token');
  }
}
