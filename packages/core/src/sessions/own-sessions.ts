import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { Actor } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import type { WriteTransaction } from '../store.ts';
import { tooMany } from '../throttling/admit-attempt.ts';
import { blockedForMs, changesOf, countOne } from '../throttling/throttle.ts';
import { digestSecret, stripBlanks } from '../tokens/digest.ts';
import { type ActiveSession, isExpired, type Session } from './session.ts';

/** Only such texts are looked up, since not every database accepts every text in a query. */
const SESSION_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The open sessions of a user, the last used one first. */
export async function listSessions(ports: AuthPorts, { userId }: Pick<ActiveSession, 'userId'>): Promise<Session[]> {
  const now = ports.clock.now();
  const stored = await ports.store.listSessions(userId);
  return stored
    .map((session) => ({
      ...session,
      lastUsedAt: Math.max(session.lastUsedAt, ports.sessions.lastUse(session.tokenDigest) ?? 0),
    }))
    .filter((session) => !isExpired(session, now, ports.policy.lifetimes))
    .sort((one, other) => other.lastUsedAt - one.lastUsedAt);
}

/**
 * End one session of the requester, possibly the current one.
 *
 * @param named its id, ignoring case.
 * @throws {@link AuthError} `not_found`: no such session, or another user's, alike;
 * `unauthenticated`: the requester's own ended meanwhile; `rate_limited`: too many ended lately,
 * and this one stays open.
 */
export async function endSession(
  ports: AuthPorts,
  { session, client }: Actor,
  named: string,
): Promise<Pick<Session, 'id'>> {
  const sessionId = stripBlanks(named).toLowerCase();
  const notFound = new AuthError('not_found', { message: 'no such session' });
  if (!SESSION_ID.test(sessionId)) throw notFound;
  await ports.store.write(async (transaction) => {
    await assertOpen(transaction, session);
    if (!(await transaction.deleteSessionById(sessionId, session.userId))) throw notFound;
    await countChange(transaction, ports, session);
    const who = { userId: session.userId, sessionId };
    await transaction.addEvent(authEvent(ports.clock, 'session_ended', client, who));
  });
  return { id: sessionId };
}

/**
 * End every session of the requester but the current one, and forget every other browser.
 *
 * @returns how many.
 * @throws {@link AuthError} `unauthenticated`: the current one ended meanwhile; `rate_limited`.
 */
export function endOtherSessions(
  ports: AuthPorts,
  { session, client, deviceToken }: Actor & { readonly deviceToken?: string | undefined },
): Promise<number> {
  return ports.store.write(async (transaction) => {
    await assertOpen(transaction, session);
    const ended = await transaction.deleteSessionsOfUser(session.userId, session.tokenDigest);
    const forgotten = await transaction.deleteDevicesOfUser(session.userId, deviceToken && digestSecret(deviceToken));
    if (ended + forgotten === 0) return 0;
    await countChange(transaction, ports, session);
    const who = { userId: session.userId, sessionId: session.id };
    await transaction.addEvent(authEvent(ports.clock, 'other_sessions_ended', client, who, `${ended} ended`));
    return ended;
  });
}

/** A session that ended while it waited for the write lock may not end others. */
export async function assertOpen(transaction: WriteTransaction, { tokenDigest }: Actor['session']): Promise<void> {
  if (!(await transaction.hasSession(tokenDigest))) throw new AuthError('unauthenticated');
}

/** Counts an end of sessions. @throws AuthError `rate_limited`, which undoes it. */
export async function countChange(
  transaction: WriteTransaction,
  { clock }: AuthPorts,
  { userId }: Actor['session'],
): Promise<void> {
  const { key, rule } = changesOf(userId);
  const state = await transaction.lockThrottle(key);
  const now = clock.now();
  const forMs = blockedForMs(rule, state, now);
  if (forMs > 0) throw tooMany(forMs, 'session_end');
  await transaction.saveThrottle(key, countOne(rule, state, now));
}
