import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from './authenticate.ts';

/**
 * End the session of a token. It is dead before this returns, also for concurrent requests.
 *
 * @throws {@link AuthError} `unauthenticated`: no such session, or another request ended it first.
 */
export async function logOut(
  ports: AuthPorts,
  { token, client }: { token: string | undefined; client: Requester },
): Promise<void> {
  const session = await authenticate(ports, token);
  await ports.store.write(async (transaction) => {
    const ended = await transaction.deleteSession(session.tokenDigest);
    if (!ended) throw new AuthError('unauthenticated');
    const who = { userId: ended.userId, sessionId: ended.id };
    await transaction.addEvent(authEvent(ports.clock, 'session_ended', client, who));
  });
}
