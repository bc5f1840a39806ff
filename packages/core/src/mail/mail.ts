/** A mail with a reset token, as data: the mailer puts it into words. */
export interface ResetMail {
  readonly kind: 'reset';
  readonly to: string;
  readonly resetToken: string;
  readonly expiresInMs: number;
}

/** A mail that the rules send, by its kind. */
export type Mail = ResetMail;

/** A mail in words, in both its forms. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
