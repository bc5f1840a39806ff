/** A mail with a one-time token, as data: the mailer puts it into words. */
interface TokenMail<Kind extends string> {
  readonly kind: Kind;
  readonly to: string;
  readonly token: string;
  readonly expiresInMs: number;
}

/** A mail that only says something. */
interface Notice<Kind extends string> {
  readonly kind: Kind;
  readonly to: string;
}

/**
 * A mail that the rules send, by its kind. `registration` proves the address of a new account, and
 * `account_exists` goes to its owner where there is one already. `email_change` goes to the new
 * address, and its notice to the old one. None holds a text that a stranger chose.
 */
export type Mail =
  | TokenMail<'reset'>
  | TokenMail<'registration'>
  | Notice<'account_exists'>
  | TokenMail<'email_change'>
  | Notice<'email_change_notice'>
  | Notice<'recovery_code_used'>
  | Notice<'wrong_codes'>
  | TokenMail<'invitation'>;

/** A mail in words, in both its forms. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
