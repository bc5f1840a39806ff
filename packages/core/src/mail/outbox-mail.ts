import type { TokenPurpose } from '../tokens/one-time-token.ts';

/** Why a mail is owed. What is sent is decided when it is due; see `decide-mail.ts`. */
export type OwedKind = Exclude<TokenPurpose, 'not_me'> | NoticeKind;

/** What owners of accounts hear of. */
export type NoticeKind =
  | 'login_notice'
  | 'wrong_codes'
  | 'password_changed'
  | 'email_change_notice'
  | 'email_changed'
  | 'factor_enabled'
  | 'factor_disabled'
  | 'recovery_codes_renewed'
  | 'recovery_code_used';

/**
 * A mail in the outbox. It holds no token: one is issued when the mail is sent, so that none is
 * ever stored.
 */
export interface OutboxMail {
  readonly id: string;
  readonly kind: OwedKind;
  /** Where it goes, as typed, whether or not an account has the address. */
  readonly email: string;
  readonly emailKey: string;
  /** Of a change of email: the account that asked. */
  readonly userId?: string | undefined;
  /** Of an invitation. */
  readonly role?: string | undefined;
  /** Of a notice: the network and the user agent that it is about, if there are any. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Tries so far. */
  readonly attempts: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly nextAttemptAt: number;
}
