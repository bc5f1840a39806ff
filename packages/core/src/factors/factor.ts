/**
 * The TOTP factor of an account. The secret is the one that must be readable; see ADR 10.
 */
export interface TotpFactor {
  readonly userId: string;
  /** In base32. */
  readonly secret: string;
  /** The newest step of which a code was used; see `totp.ts`. */
  readonly lastStep: number;
}

/** A factor that was begun and not yet enabled. It belongs to the session that began it. */
export interface PendingTotp {
  readonly sessionDigest: string;
  readonly userId: string;
  /** In base32. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * A login whose password was right and whose code is missing. It is no session and opens nothing.
 */
export interface PendingLogin {
  /** SHA-256 of its token. */
  readonly digest: string;
  readonly userId: string;
  /** Codes that were compared. */
  readonly tries: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The factors of an account as they are kept, for an export that holds them. */
export interface StoredFactors {
  readonly totp: TotpFactor | undefined;
  /** SHA-256 of the codes that are left. */
  readonly recoveryDigests: readonly string[];
}
