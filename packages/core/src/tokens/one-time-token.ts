/** What one-time tokens are for; see `one-time-tokens.ts`. */
export type TokenPurpose = 'reset' | 'registration' | 'email_change' | 'invitation' | 'not_me';

/**
 * How a token reaches its owner: by mail alone, printed for an operator to pass on, or in the
 * answer to a request. Only a mailed one proves a mailbox. A withheld one reaches no one: it stands
 * for what is pending, whether or not a mail leaves.
 */
export type TokenDelivery = 'mailed' | 'printed' | 'answered' | 'withheld';

/** Whose a token is: an account's, or that of an address without one. */
export interface TokenOwner {
  readonly userId?: string | undefined;
  readonly emailKey?: string | undefined;
}

/**
 * A one-time token as it is kept: its digest alone. Times are milliseconds since the Unix epoch.
 */
export interface OneTimeToken extends TokenOwner {
  readonly digest: string;
  readonly purpose: TokenPurpose;
  readonly delivery: TokenDelivery;
  /** Of a change of email: the new address, as typed. Of a notice: where it went. */
  readonly email?: string | undefined;
  /** Of an invitation: the role that the account gets. */
  readonly role?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The tokens of one owner that have one purpose and one delivery. */
export type TokenKind = Pick<OneTimeToken, 'purpose' | 'userId' | 'emailKey' | 'delivery'>;

/** What waits for its proof: all of an account, or all of some addresses. */
export type PendingOf = { readonly userId: string } | { readonly emailKeys: readonly string[] };
