/**
 * How a reset token travels to its owner.
 *
 * `response` hands it to whoever asks, which is right on a developer's own machine alone.
 */
export type ResetDelivery = 'response' | 'smtp' | 'operator';

/** What the one who asked for a reset is answered. */
export type ResetRequestOutcome =
  | { readonly delivery: 'response'; readonly email: string; readonly resetToken: string }
  | { readonly delivery: 'smtp' | 'operator'; readonly email: string };
