import type { AuthEvent, AuthEventType, StoredEvent } from '../event.ts';
import type { ActiveSession, Session } from '../session.ts';
import type { OutboxMail, ThrottleState } from '../store.ts';
import type { User } from '../user.ts';

export interface UserRow {
  id: string;
  email: string;
  email_key: string;
  password_hash: string;
  role: string;
  email_verified: boolean | number;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface SessionRow {
  id: string;
  token_digest: string;
  user_id: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  address: string;
  user_agent: string | null;
}

export type ActiveSessionRow = Omit<SessionRow, 'address' | 'user_agent'> &
  Pick<UserRow, 'email' | 'email_verified' | 'role'> & { user_created_at: number };

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    emailKey: row.email_key,
    passwordHash: row.password_hash,
    role: row.role,
    emailVerified: Boolean(row.email_verified),
    disabledAt: row.disabled_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function fromUser(user: User): UserRow {
  return {
    id: user.id,
    email: user.email,
    email_key: user.emailKey,
    password_hash: user.passwordHash,
    role: user.role,
    email_verified: user.emailVerified,
    disabled_at: user.disabledAt ?? null,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}

export function toActiveSession(row: ActiveSessionRow): ActiveSession {
  return {
    id: row.id,
    tokenDigest: row.token_digest,
    userId: row.user_id,
    email: row.email,
    emailVerified: Boolean(row.email_verified),
    role: row.role,
    userCreatedAt: row.user_created_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  };
}

export function fromSession(session: Session): SessionRow {
  return {
    id: session.id,
    token_digest: session.tokenDigest,
    user_id: session.userId,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    address: session.address,
    user_agent: session.userAgent ?? null,
  };
}

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    tokenDigest: row.token_digest,
    userId: row.user_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent ?? undefined,
  };
}

export interface ThrottleRow {
  key: string;
  count: number;
  until: number;
  noted: boolean | number;
  expires_at: number;
}

export function toThrottle(row: ThrottleRow): ThrottleState {
  return {
    count: row.count,
    until: row.until,
    noted: Boolean(row.noted),
    expiresAt: row.expires_at,
  };
}

export function fromThrottle(key: string, state: ThrottleState): ThrottleRow {
  return { key, count: state.count, until: state.until, noted: state.noted, expires_at: state.expiresAt };
}

export interface MailRow {
  id: string;
  user_id: string | null;
  attempts: number;
  created_at: number;
  next_attempt_at: number;
}

export function toMail(row: MailRow): OutboxMail {
  return {
    id: row.id,
    userId: row.user_id ?? undefined,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
  };
}

export function fromMail(mail: OutboxMail): MailRow {
  return {
    id: mail.id,
    user_id: mail.userId ?? null,
    attempts: mail.attempts,
    created_at: mail.createdAt,
    next_attempt_at: mail.nextAttemptAt,
  };
}

export interface EventRow {
  id: number;
  at: number;
  type: string;
  user_id: string | null;
  email_digest: string | null;
  session_id: string | null;
  address: string | null;
  user_agent: string | null;
  detail: string | null;
}

export function toEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    at: row.at,
    type: row.type as AuthEventType,
    userId: row.user_id ?? undefined,
    emailDigest: row.email_digest ?? undefined,
    sessionId: row.session_id ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    detail: row.detail ?? undefined,
  };
}

export function fromEvent(event: AuthEvent): Omit<EventRow, 'id'> {
  return {
    at: event.at,
    type: event.type,
    user_id: event.userId ?? null,
    email_digest: event.emailDigest ?? null,
    session_id: event.sessionId ?? null,
    address: event.address ?? null,
    user_agent: event.userAgent ?? null,
    detail: event.detail ?? null,
  };
}
