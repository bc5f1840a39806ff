/** The role of an account for which an operator has set none. */
export const DEFAULT_ROLE = 'user';

/** An account. Times are milliseconds since the Unix epoch. */
export interface User {
  /** A random UUID. */
  readonly id: string;
  /** The address as it was registered. */
  readonly email: string;
  /** The address in the form by which accounts are told apart; see {@link parseEmail}. */
  readonly emailKey: string;
  /** Says its scheme and cost; see the hasher. */
  readonly passwordHash: string;
  /** Set by an operator for the applications; the service itself gives it no meaning. */
  readonly role: string;
  /** Whether someone has shown that they read this address; a new address is not verified. */
  readonly emailVerified: boolean;
  readonly disabledAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}
