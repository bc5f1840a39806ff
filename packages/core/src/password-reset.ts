/** What the one who asked for a reset is answered. */
export type ResetRequestOutcome =
  | { readonly delivery: 'response'; readonly email: string; readonly resetToken: string }
  | { readonly delivery: 'smtp' | 'operator'; readonly email: string };
