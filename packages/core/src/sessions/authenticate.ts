import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import { digestSecret } from '../tokens/digest.ts';
import { type ActiveSession, isExpired } from './session.ts';

/**
 * Find the session of a token, and note its use. A cached session is returned without a promise,
 * since this is the hottest path of the service.
 *
 * @returns a promise when the database has to be asked, and for every refusal: {@link AuthError}
 * `unauthenticated`: no token, or one that is unknown, ended, or past its lifetimes.
 */
export function authenticate(ports: AuthPorts, token: string | undefined): ActiveSession | Promise<ActiveSession> {
  const found = token ? ports.sessions.find(digestSecret(token)) : undefined;
  const now = ports.clock.now();
  if (!found || found instanceof Promise || isExpired(found, now, ports.policy.lifetimes)) return admit(ports, found);
  ports.sessions.touch(found, now);
  return found;
}

async function admit(ports: AuthPorts, found: ReturnType<AuthPorts['sessions']['find']>): Promise<ActiveSession> {
  const session = await found;
  const now = ports.clock.now();
  if (!session) throw new AuthError('unauthenticated');
  if (isExpired(session, now, ports.policy.lifetimes)) {
    await endExpired(ports, session);
    throw new AuthError('unauthenticated');
  }
  ports.sessions.touch(session, now);
  return session;
}

/** Delete an expired session, so that it stays dead when the clock is set back. */
async function endExpired(ports: AuthPorts, { tokenDigest, userId, id: sessionId }: ActiveSession): Promise<void> {
  try {
    await ports.store.write(async (transaction) => {
      const ended = await transaction.deleteSession(tokenDigest);
      if (!ended) return;
      await transaction.addEvent(authEvent(ports.clock, 'session_ended', undefined, { userId, sessionId }, 'expired'));
    });
  } catch (error) {
    // The session is refused anyway; the next write reports a database that is unavailable.
    if (!(error instanceof AuthError)) throw error;
  }
}
