import { type Actor, confirmPassword } from './confirm-password.ts';
import { authEvent } from './event.ts';
import type { AuthPorts } from './ports.ts';

/**
 * Deletes an account and all that hangs on it; what was recorded of it stays, and names it by its id alone.
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
