/** Gives each refusal its HTTP status; only `unauthenticated` has another at `GET /whoami`: 401. */
export const statusOf = {
  invalid_request: 400,
  password_rejected: 400,
  email_taken: 400,
  factor_enabled: 400,
  no_pending_factor: 400,
  invalid_credentials: 401,
  second_factor_required: 401,
  invalid_code: 401,
  second_factor_expired: 401,
  // 401 asks for credentials in a header, and clients of the service that this one replaces
  // expect 403.
  unauthenticated: 403,
  unknown_email: 403,
  invalid_reset_token: 403,
  registration_closed: 403,
  email_not_verified: 403,
  invalid_verification_token: 403,
  invalid_invitation_token: 403,
  invalid_not_me_token: 403,
  reset_delivery_refused: 403,
  cross_origin: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  overloaded: 503,
  database_unavailable: 503,
} as const;

/** Every `code` that a client can meet. */
export type WireErrorCode = keyof typeof statusOf;
