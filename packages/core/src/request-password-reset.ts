import type { Client } from './client.ts';
import { parseEmail } from './email.ts';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import type { ResetRequestOutcome } from './password-reset.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';

/**
 * Makes a reset token, which voids an older one, and says how it travels.
 *
 * @throws {@link AuthError} `invalid_request`: not an email address; `unknown_email`: with delivery `response` alone, where there is nothing to hide.
 */
export async function requestPasswordReset(
  ports: Pick<AuthPorts, 'clock' | 'random' | 'store' | 'policy'>,
  { email, client }: { email: string; client: Client },
): Promise<ResetRequestOutcome> {
  const { key } = parseEmail(email);
  const user = await ports.store.findUserByEmailKey(key);
  if (!user || user.disabledAt !== undefined) throw new AuthError('unknown_email', { field: 'email' });

  const resetToken = ports.random.uuid();
  const createdAt = ports.clock.now();
  await ports.store.write(async (transaction) => {
    await transaction.replaceResetToken({
      tokenDigest: digestSecret(resetToken),
      userId: user.id,
      createdAt,
      expiresAt: createdAt + ports.policy.resetTokenMs,
    });
    const who = { userId: user.id, emailKey: key };
    await transaction.addEvent(authEvent(ports.clock, 'password_reset_requested', client, who));
  });
  return { delivery: 'response', email: user.email, resetToken };
}
