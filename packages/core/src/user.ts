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
  readonly disabledAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}
