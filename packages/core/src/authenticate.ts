import { AuthError } from './errors.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';
import { type ActiveSession, isExpired } from './session.ts';

/**
 * Tells whose session a token opens, and notes that it was used.
 *
 * @throws {@link AuthError} `unauthenticated`: no token, or one that was never issued, has ended, or is past its idle or absolute lifetime.
 */
export async function authenticate(
  ports: Pick<AuthPorts, 'clock' | 'sessions' | 'policy'>,
  token: string | undefined,
): Promise<ActiveSession> {
  if (!token) throw new AuthError('unauthenticated');
  const session = await ports.sessions.find(digestSecret(token));
  const now = ports.clock.now();
  if (!session || isExpired(session, now, ports.policy.lifetimes)) throw new AuthError('unauthenticated');
  ports.sessions.touch(session, now);
  return session;
}
