const defaultMessages = {
  invalid_request: 'the request is not valid',
  password_rejected: 'this password is not accepted',
  email_taken: 'email already registered',
  invalid_credentials: 'wrong email or password',
  second_factor_required: 'this account has a second factor: send a code too',
  invalid_code: 'wrong code',
  second_factor_expired: 'this login took too long or had too many wrong codes: log in again',
  factor_enabled: 'this account has a second factor already',
  no_pending_factor: 'no second factor was begun in this session, or it took longer than 10 minutes: begin again',
  email_not_verified: 'prove your email address first: reset your password by mail',
  unauthenticated: 'log in first: there is no valid session',
  unknown_email: 'no account has this email',
  invalid_reset_token: 'this reset token is not valid, was used, or has expired',
  registration_closed: 'registration is closed here: no account can be made, not even by invitation',
  invalid_verification_token: 'this verification token is not valid, was used, or has expired',
  invalid_not_me_token: 'this link is not valid, was used, or is older than 72 hours',
  invalid_invitation_token: 'this invitation is not valid, was used, or has expired',
  not_found: 'there is no such thing',
  reset_delivery_refused:
    'reset tokens are handed out in responses here, and this request came through a proxy; set AUTHSVC_RESET_DELIVERY to smtp or operator',
  rate_limited: 'too many attempts; try again later',
  overloaded: 'too many passwords are being checked right now; try again shortly',
  database_unavailable: 'the database does not answer right now; try again shortly',
};

/**
 * Every code of a refusal. The union is closed: a table that `satisfies Record<AuthErrorCode, …>`
 * does not compile without each code.
 */
export type AuthErrorCode = keyof typeof defaultMessages;

/** What was tried too often. */
export type ThrottledAttempt =
  | 'login'
  | 'second_factor'
  | 'registration'
  | 'email_verification'
  | 'password_reset'
  | 'confirmation'
  | 'not_me'
  | 'session_end';

/** Why a new password is rejected. */
export type PasswordProblem = 'not_unicode' | 'too_short' | 'too_long' | 'own_email' | 'common';

export interface AuthErrorDetails {
  /** A sentence for a person; each code has one of its own when this is left out. */
  readonly message?: string;
  /** The input field at fault, in the wire's spelling (`email`, `new_password`). */
  readonly field?: string;
  /** Whole seconds after which a retry makes sense. */
  readonly retryAfterSeconds?: number;
  /** With `rate_limited`: which kind of attempt. */
  readonly throttled?: ThrottledAttempt;
  /** With `password_rejected`: why. */
  readonly passwordProblem?: PasswordProblem;
  readonly cause?: unknown;
}

/**
 * A refusal: `code` is stable and for programs, `message` for people. Neither ever holds a secret.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly throttled: ThrottledAttempt | undefined;
  readonly passwordProblem: PasswordProblem | undefined;

  constructor(code: AuthErrorCode, details: AuthErrorDetails = {}) {
    super(details.message ?? defaultMessages[code], { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.throttled = details.throttled;
    this.passwordProblem = details.passwordProblem;
  }
}
