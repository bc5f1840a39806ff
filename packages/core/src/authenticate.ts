import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';
import { type ActiveSession, isExpired } from './session.ts';

/**
 * Tells whose session a token opens, and notes that it was used.
 *
 * @throws {@link AuthError} `unauthenticated`: no token, or one that was never issued, has ended, or is past its idle or absolute lifetime.
 */
export async function authenticate(
  ports: Pick<AuthPorts, 'clock' | 'sessions' | 'store' | 'policy'>,
  token: string | undefined,
): Promise<ActiveSession> {
  if (!token) throw new AuthError('unauthenticated');
  const session = await ports.sessions.find(digestSecret(token));
  const now = ports.clock.now();
  if (!session) throw new AuthError('unauthenticated');
  if (isExpired(session, now, ports.policy.lifetimes)) {
    await endExpired(ports, session);
    throw new AuthError('unauthenticated');
  }
  ports.sessions.touch(session, now);
  return session;
}

/** Deletes a session that was found to be over, so that it stays dead when the clock is set back. */
async function endExpired(
  ports: Pick<AuthPorts, 'clock' | 'sessions' | 'store'>,
  { tokenDigest, userId, id: sessionId }: ActiveSession,
): Promise<void> {
  try {
    await ports.store.write(async (transaction) => {
      const ended = await transaction.deleteSession(tokenDigest);
      if (!ended) return;
      await transaction.addEvent(authEvent(ports.clock, 'session_ended', undefined, { userId, sessionId }, 'expired'));
    });
  } catch (error) {
    // It is refused in any case; a database that cannot be written to now is told of by whoever must write.
    if (!(error instanceof AuthError)) throw error;
  } finally {
    ports.sessions.forget({ tokenDigest });
  }
}
