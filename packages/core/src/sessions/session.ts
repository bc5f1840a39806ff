import { isYetToCome } from '../clock-skew.ts';
import type { Requester } from '../requester.ts';
import type { Clock, Random } from '../system.ts';
import { digestSecret } from '../tokens/digest.ts';

/**
 * At least 64 bits of entropy; ASVS 5.0 7.2.3 asks for 128.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */
const SESSION_TOKEN_BYTES = 32;

const USER_AGENT_MAX_LENGTH = 256;

/** The ways in which people show who they are. */
export type LoginMethod = 'password' | 'totp' | 'recovery_code';

/** Times are milliseconds since the Unix epoch. */
export interface Session {
  /** Public: names the session in lists, and opens nothing. */
  readonly id: string;
  /** SHA-256 of the token, base64url. The token itself is never kept. */
  readonly tokenDigest: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** The end of its absolute lifetime. */
  readonly expiresAt: number;
  /** How it came about. */
  readonly methods: readonly LoginMethod[];
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** What a session check needs to know of a session and its owner. */
export interface ActiveSession
  extends Pick<Session, 'id' | 'tokenDigest' | 'userId' | 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'methods'> {
  readonly email: string;
  readonly emailVerified: boolean;
  readonly role: string;
  /** When the owner's account was made. */
  readonly userCreatedAt: number;
}

/** A new session with its token, which is shown once. */
export interface IssuedSession {
  readonly session: Session;
  readonly token: string;
}

export interface SessionLifetimes {
  /** Milliseconds without use after which a session ends. */
  readonly idleMs: number;
  /** Milliseconds after login when a session ends, used or not. */
  readonly lifetimeMs: number;
}

/** A token of 32 random bytes in base64url, and the digest that is kept. */
export function makeSessionToken(random: Random): { token: string; tokenDigest: string } {
  const token = random.bytes(SESSION_TOKEN_BYTES).toString('base64url');
  return { token, tokenDigest: digestSecret(token) };
}

/** Makes a session. */
export function issueSession(
  { clock, random, lifetimes }: { clock: Clock; random: Random; lifetimes: SessionLifetimes },
  { userId, methods }: Pick<Session, 'userId' | 'methods'>,
  client: Requester,
): IssuedSession {
  const { token, tokenDigest } = makeSessionToken(random);
  const now = clock.now();
  return {
    token,
    session: {
      id: random.uuid(),
      tokenDigest,
      userId,
      methods,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + lifetimes.lifetimeMs,
      address: client.address,
      userAgent: client.userAgent?.slice(0, USER_AGENT_MAX_LENGTH),
    },
  };
}

/**
 * A session expires at the very millisecond at which either of its lifetimes is over. One that was
 * opened in the future is from before the clock was set back: it would outlive its lifetimes, and
 * counts as expired too.
 */
export function isExpired(
  session: Pick<Session, 'createdAt' | 'lastUsedAt' | 'expiresAt'>,
  nowMs: number,
  lifetimes: Pick<SessionLifetimes, 'idleMs'>,
): boolean {
  return (
    nowMs >= session.expiresAt ||
    nowMs >= session.lastUsedAt + lifetimes.idleMs ||
    isYetToCome(session.createdAt, nowMs)
  );
}
