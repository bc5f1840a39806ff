import { parseEmail } from '../accounts/email.ts';
import { isShut } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { oweMail } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { admitAttempt } from '../throttling/admit-attempt.ts';
import { byAddress } from '../throttling/throttle.ts';
import { issueToken } from '../tokens/one-time-tokens.ts';

/** The answer to a reset request. */
export type ResetRequestOutcome =
  | { readonly delivery: 'response'; readonly email: string; readonly resetToken: string }
  | { readonly delivery: 'smtp' | 'operator'; readonly email: string };

interface ResetRequest {
  readonly email: string;
  readonly client: Requester;
}

/**
 * Request a reset token for an account. With any delivery but `response`, the outcome and the
 * writes are the same whether or not the account exists.
 *
 * @throws {@link AuthError} `invalid_request`: not an email address; `rate_limited`; with delivery
 * `response` only, `unknown_email` and `reset_delivery_refused`: the request came through a proxy.
 */
export async function requestPasswordReset(
  ports: AuthPorts,
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

  await ports.store.write(async (transaction) => {
    // What is sent is decided when it is due: a known address takes no longer.
    if (resetDelivery === 'smtp') await oweMail(ports, transaction, { kind: 'reset', email: address, emailKey: key });
    const requested = authEvent(ports.clock, 'password_reset_requested', client, { emailKey: key });
    await transaction.addEvent(requested, key);
  });
  return { delivery: resetDelivery, email: address };
}

async function issueResetToken(ports: AuthPorts, emailKey: string, client: Requester): Promise<ResetRequestOutcome> {
  const unknown = new AuthError('unknown_email', { field: 'email' });
  const found = await ports.store.findUserByEmailKey(emailKey);
  if (!found) throw unknown;
  return ports.store.write(async (transaction) => {
    const user = await transaction.lockUser(found.id);
    if (user?.emailKey !== emailKey || isShut(user)) throw unknown;
    const { token } = await issueToken(ports, transaction, { purpose: 'reset', userId: user.id, delivery: 'answered' });
    const who = { userId: user.id, emailKey };
    await transaction.addEvent(authEvent(ports.clock, 'password_reset_requested', client, who));
    return { delivery: 'response', email: user.email, resetToken: token };
  });
}
