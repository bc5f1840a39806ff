import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { type Actor, confirmPassword } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import { voidTokens } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';

export interface EmailChange extends Actor {
  readonly password: string;
  readonly newEmail: string;
}

/**
 * Change the address of an account. A reset token that was sent to the old one is void.
 *
 * @returns the address as typed.
 * @throws {@link AuthError} `invalid_request`; `invalid_credentials`; `email_taken`, also when
 * another request took it meanwhile; `rate_limited`; `overloaded`.
 */
export async function changeEmail(ports: AuthPorts, { password, newEmail, ...actor }: EmailChange): Promise<string> {
  const { session, client } = actor;
  const { address, key } = parseEmail(newEmail, 'new_email');
  using confirmed = await confirmPassword(ports, actor, password);
  await confirmed.write(async (transaction, user) => {
    if (!(await transaction.updateEmail(user.id, address, key, ports.clock.now()))) {
      throw new AuthError('email_taken', { field: 'new_email' });
    }
    await voidTokens(transaction, user.id, 'email');
    const who = { userId: user.id, emailKey: key, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'email_changed', client, who));
  });
  return address;
}

/**
 * Delete an account and all its data. Audit events stay, and name it by its id and by the SHA-256
 * digest of its email.
 *
 * @throws {@link AuthError} `invalid_credentials`; `rate_limited`; `overloaded`.
 */
export async function deleteAccount(
  ports: AuthPorts,
  { password, ...actor }: Actor & { password: string },
): Promise<string> {
  const { session, client } = actor;
  using confirmed = await confirmPassword(ports, actor, password);
  await confirmed.write(async (transaction, user) => {
    await transaction.deleteUser(user.id);
    const who = { userId: user.id, emailKey: user.emailKey, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'user_deleted', client, who));
  });
  return confirmed.user.email;
}
