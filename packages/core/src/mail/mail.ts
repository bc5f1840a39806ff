import type { NoticeKind, OwedKind } from './outbox-mail.ts';

/** A mail with a one-time token, as data: the mailer puts it into words. */
interface TokenMail<Kind extends string> {
  readonly kind: Kind;
  readonly to: string;
  readonly token: string;
  readonly expiresInMs: number;
}

/** A mail about what happened to an account, with a token to say “not me”. */
export interface NoticeMail extends TokenMail<NoticeKind> {
  /** When it happened, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** From where, as far as it is known. The user agent is a stranger's text: it is never quoted. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

/**
 * A mail that the rules send, by its kind. `registration` proves the address of a new account, and
 * `account_exists` goes to its owner where there is one already. `email_change` goes to the new
 * address, and its notice to the old one. None holds a text that a stranger chose.
 */
export type Mail =
  | TokenMail<'reset'>
  | TokenMail<'registration'>
  | { readonly kind: 'account_exists'; readonly to: string }
  | TokenMail<'email_change'>
  | NoticeMail
  | TokenMail<'invitation'>;

/** A mail in words, in both its forms. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * How often a mail is tried. A reset is asked for again by those who wait for it: 6 tries take 16
 * minutes. The others are retried for a day.
 */
export function maxMailAttempts(kind: OwedKind): number {
  return kind === 'reset' ? 6 : 31;
}
