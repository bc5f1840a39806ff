/** A browser, or a command line, that has completed a login to one account. */
export interface Device {
  /** SHA-256 of its token. */
  readonly digest: string;
  /** Public: names it in lists, and opens nothing. */
  readonly id: string;
  readonly userId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly lastLoginAt: number;
  readonly expiresAt: number;
  /** Of the last login. */
  readonly address: string;
  readonly userAgent: string | undefined;
}
