import { parseEmail } from '../accounts/email.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { oweNotice } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import { voidPending } from '../tokens/one-time-tokens.ts';
import { type Actor, confirmPassword } from './confirm-password.ts';
import { admitNewPassword } from './password-rules.ts';

export interface PasswordChange extends Actor {
  readonly currentPassword: string;
  readonly code?: string | undefined;
  readonly newPassword: string;
}

/**
 * Set a new password for a user who knows the old one, and end all other sessions of that user.
 *
 * @throws {@link AuthError} `password_rejected`; `invalid_credentials`: wrong current password;
 * `second_factor_required` and `invalid_code`; `rate_limited`; `overloaded`.
 */
export async function changePassword(
  ports: AuthPorts,
  { currentPassword, code, newPassword, ...actor }: PasswordChange,
): Promise<User> {
  const { session, client } = actor;
  // First, so that a new password that is rejected is no guess at the current one.
  const admitted = await admitNewPassword(ports, newPassword, parseEmail(session.email).key, 'new_password');
  using confirmed = await confirmPassword(ports, actor, { password: currentPassword, code });
  const passwordHash = await ports.hasher.hash(admitted);
  await confirmed.write(async (transaction, user) => {
    await transaction.updatePasswordHash(user.id, passwordHash, ports.clock.now());
    await voidPending(transaction, { userId: user.id }, 'password');
    await transaction.deleteSessionsOfUser(user.id, session.tokenDigest);
    const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'password_changed', client, who));
    await oweNotice(ports, transaction, 'password_changed', user, client);
  });
  return confirmed.user;
}
