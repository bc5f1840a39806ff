import type { Requester } from '../requester.ts';
import type { Clock } from '../system.ts';
import { digestSecret } from '../tokens/digest.ts';

/** What happens to accounts and sessions. */
export type AuthEventType =
  | 'user_registered'
  | 'registration_throttled'
  | 'registration_requested'
  | 'email_verification_requested'
  | 'email_verification_throttled'
  | 'email_verification_refused'
  | 'email_verified'
  | 'user_invited'
  | 'invitation_accepted'
  | 'invitation_refused'
  | 'login_succeeded'
  | 'login_failed'
  | 'login_throttled'
  | 'second_factor_required'
  | 'second_factor_failed'
  | 'second_factor_throttled'
  | 'second_factor_enabled'
  | 'second_factor_disabled'
  | 'second_factor_reset'
  | 'recovery_code_used'
  | 'recovery_codes_renewed'
  | 'password_rehashed'
  | 'confirmation_failed'
  | 'confirmation_throttled'
  | 'session_ended'
  | 'other_sessions_ended'
  | 'password_changed'
  | 'email_change_requested'
  | 'email_changed'
  | 'user_deleted'
  | 'account_locked'
  | 'account_unlocked'
  | 'not_me_refused'
  | 'not_me_throttled'
  | 'device_ended'
  | 'user_disabled'
  | 'user_enabled'
  | 'user_role_set'
  | 'user_email_verified'
  | 'users_imported'
  | 'sessions_revoked'
  | 'all_sessions_revoked'
  | 'password_reset_requested'
  | 'password_reset_throttled'
  | 'password_reset_completed'
  | 'password_reset_refused'
  | 'password_reset_issued'
  | 'reset_mail_sent'
  | 'reset_mail_failed'
  | 'reset_mail_given_up'
  | 'mail_sent'
  | 'mail_failed'
  | 'mail_given_up';

/**
 * An audit event, stored in the transaction that it records. It names users by ids and digests,
 * never by an address that would outlive its account.
 */
export interface AuthEvent {
  readonly type: AuthEventType;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly userId: string | undefined;
  /**
   * SHA-256 of the email's key, so that attempts on one account can be matched, even an unknown
   * one.
   */
  readonly emailDigest: string | undefined;
  readonly sessionId: string | undefined;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** A word or two where the type is not enough; never a secret, never an address. */
  readonly detail: string | undefined;
}

/** A stored event; ids rise with time. */
export interface StoredEvent extends AuthEvent {
  readonly id: number;
  /** The user's, while the account exists. */
  readonly email: string | undefined;
}

/** Describe an event, and whom it concerns. */
export function authEvent(
  clock: Clock,
  type: AuthEventType,
  client: Requester | undefined,
  who: { userId?: string | undefined; emailKey?: string | undefined; sessionId?: string | undefined } = {},
  detail?: string,
): AuthEvent {
  return {
    type,
    at: clock.now(),
    userId: who.userId,
    emailDigest: who.emailKey === undefined ? undefined : digestSecret(who.emailKey),
    sessionId: who.sessionId,
    address: client?.address,
    userAgent: client?.userAgent,
    detail,
  };
}
