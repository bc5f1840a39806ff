import { admitPassword } from './admit-attempt.ts';
import { accountThrottleKeys, byAddress } from './attempt-throttles.ts';
import type { Client } from './client.ts';
import { parseEmail } from './email.ts';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import { admitNewPassword } from './password.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';
import { RESETS_PER_MINUTE } from './throttle.ts';
import type { User } from './user.ts';

export interface PasswordReset {
  readonly email: string;
  readonly resetToken: string;
  readonly newPassword: string;
  readonly client: Client;
}

/**
 * Sets a new password for the owner of a reset token, uses the token up, and ends every session of that user: all of it or nothing.
 *
 * @throws {@link AuthError} `invalid_reset_token`: unknown, used, expired or another user's token, alike; `password_rejected`: the token stays good;
 * `rate_limited`; `overloaded`: before hashing, and the token stays good.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
 */
export async function resetPassword(
  ports: Pick<AuthPorts, 'clock' | 'hasher' | 'commonPasswords' | 'sessions' | 'store' | 'policy'>,
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
  const tokenDigest = digestSecret(resetToken);
  const user = await ports.store.findUserByEmailKey(key);
  const token = await ports.store.findResetToken(tokenDigest);
  // Refused before hashing: a token cannot be guessed, and a flood of wrong ones must not cost the hashers anything.
  if (!user || token?.userId !== user.id || ports.clock.now() >= token.expiresAt) {
    const refusal = authEvent(ports.clock, 'password_reset_refused', client, { userId: user?.id, emailKey: key });
    await ports.store.write(async (transaction) => {
      // An expired one must not come back to life when the clock is set back.
      if (user && token?.userId === user.id) await transaction.deleteResetToken(user.id, tokenDigest);
      await transaction.addEvent(refusal);
    });
    throw new AuthError('invalid_reset_token');
  }

  const passwordHash = await ports.hasher.hash(admitted);
  try {
    await ports.store.write(async (transaction) => {
      const now = ports.clock.now();
      await transaction.lockUser(user.id);
      if (!(await transaction.consumeResetToken(tokenDigest, user.id, now))) throw new AuthError('invalid_reset_token');
      await transaction.updatePasswordHash(user.id, passwordHash, now);
      await transaction.deleteSessionsOfUser(user.id);
      await transaction.clearThrottles(accountThrottleKeys(key, client));
      const who = { userId: user.id, emailKey: key };
      await transaction.addEvent(authEvent(ports.clock, 'password_reset_completed', client, who));
    });
  } finally {
    ports.sessions.forget({ userId: user.id });
  }
  return user;
}
