import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import { digestSecret } from '../tokens/digest.ts';
import { type ActiveSession, isExpired } from './session.ts';

/**
 * Tells whose session a token opens, and notes that it was used. A session that is held in memory is told at once, since this is what the service does all day.
 *
 * @returns a promise when the database has to be asked, and for every refusal: {@link AuthError} `unauthenticated`: no token, or one that was never issued, has ended, or
 * is past its idle or absolute lifetime.
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

/** Deletes a session that was found to be over, so that it stays dead when the clock is set back. */
async function endExpired(ports: AuthPorts, { tokenDigest, userId, id: sessionId }: ActiveSession): Promise<void> {
  try {
    await ports.store.write(async (transaction) => {
      const ended = await transaction.deleteSession(tokenDigest);
      if (!ended) return;
      await transaction.addEvent(authEvent(ports.clock, 'session_ended', undefined, { userId, sessionId }, 'expired'));
    });
  } catch (error) {
    // It is refused in any case; a database that cannot be written to now is told of by whoever must write.
    if (!(error instanceof AuthError)) throw error;
  }
}
