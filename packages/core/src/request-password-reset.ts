import { admitAttempt } from './admit-attempt.ts';
import { byAddress } from './attempt-throttles.ts';
import type { Client } from './client.ts';
import { parseEmail } from './email.ts';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import type { ResetRequestOutcome } from './password-reset.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';
import { blockedForMs, countOne, RESET_MAILS_BY_ACCOUNT } from './throttle.ts';

type RequestPorts = Pick<AuthPorts, 'clock' | 'random' | 'store' | 'policy'>;

interface ResetRequest {
  readonly email: string;
  readonly client: Client;
}

/**
 * Has a reset token made for an account, and says how it travels. With any delivery but `response` the outcome, and what is written, is the same whether or not
 * there is such an account.
 *
 * @throws {@link AuthError} `invalid_request`: not an email address; `rate_limited`; with delivery `response` alone `unknown_email`, since there is nothing to hide, and
 * `reset_delivery_refused`: whoever asks is not on this machine.
 */
export async function requestPasswordReset(
  ports: RequestPorts,
  { email, client }: ResetRequest,
): Promise<ResetRequestOutcome> {
  const { address, key } = parseEmail(email);
  const { resetDelivery } = ports.policy;
  if (resetDelivery === 'response' && client.proxied) throw new AuthError('reset_delivery_refused');
  await admitAttempt(ports, {
    throttles: byAddress(ports, 'reset-request', ports.policy.resetsPerMinute, client),
    kind: 'password_reset',
    client,
    emailKey: key,
  });
  if (resetDelivery === 'response') return issueResetToken(ports, key, client);

  const user = await ports.store.findUserByEmailKey(key);
  const now = ports.clock.now();
  const counter = `reset-mail:account:${digestSecret(key)}`;
  await ports.store.write(async (transaction) => {
    if (resetDelivery === 'smtp') {
      const state = await transaction.lockThrottle(counter);
      // Enough mails lie in that mailbox, and the last of them is good; the answer is the same.
      if (blockedForMs(RESET_MAILS_BY_ACCOUNT, state, now) > 0) return;
      await transaction.saveThrottle(counter, countOne(RESET_MAILS_BY_ACCOUNT, state, now));
      const id = ports.random.uuid();
      await transaction.addMail({ id, userId: user?.id, attempts: 0, createdAt: now, nextAttemptAt: now });
    }
    const who = { userId: user?.id, emailKey: key };
    await transaction.addEvent(authEvent(ports.clock, 'password_reset_requested', client, who));
  });
  return { delivery: 'elsewhere', email: address };
}

async function issueResetToken(ports: RequestPorts, emailKey: string, client: Client): Promise<ResetRequestOutcome> {
  const user = await ports.store.findUserByEmailKey(emailKey);
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
    const who = { userId: user.id, emailKey };
    await transaction.addEvent(authEvent(ports.clock, 'password_reset_requested', client, who));
  });
  return { delivery: 'response', email: user.email, resetToken };
}
