/** A reset token as it is kept: its digest alone. Times are milliseconds since the Unix epoch. */
export interface ResetToken {
  readonly tokenDigest: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * How a reset token travels to its owner.
 *
 * `response` hands it to whoever asks, which is right on a developer's own machine alone.
 */
export type ResetDelivery = 'response' | 'smtp' | 'operator';

/** What the one who asked for a reset may be told. */
export type ResetRequestOutcome =
  | { readonly delivery: 'response'; readonly email: string; readonly resetToken: string }
  | { readonly delivery: 'elsewhere'; readonly email: string };
