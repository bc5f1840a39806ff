import type { WireErrorCode } from './status-codes.ts';

export interface FieldError {
  /** The field's name as it was sent. */
  readonly field: string;
  readonly message: string;
}

/** The body of every answer but 200. */
export interface ErrorBody {
  /** Stable, for machines. */
  readonly code: WireErrorCode;
  /** A sentence for a person; it may change. */
  readonly message: string;
  /** Which fields are not as they must be, and why. */
  readonly errors?: readonly FieldError[];
}

/** `POST /users` and `POST /sessions`. */
export interface CredentialsBody {
  readonly email: string;
  readonly password: string;
}

/** `POST /users` → 200. */
export interface UserCreatedBody {
  /** The address as it was registered, here and below. */
  readonly email: string;
  readonly message: 'user created';
}

/** `POST /sessions` → 200, with the session's token in the cookie alone. */
export interface LoggedInBody {
  readonly email: string;
  readonly message: 'logged in';
}

/** `DELETE /sessions` → 200. */
export interface LoggedOutBody {
  readonly message: 'logged out';
}

/** `GET /profile` → 200. */
export interface ProfileBody {
  readonly email: string;
}

/** `POST /reset_password`. */
export interface ResetRequestBody {
  readonly email: string;
}

/** `POST /reset_password` → 200 where the token travels in the response. */
export interface ResetTokenBody {
  readonly email: string;
  readonly reset_token: string;
}

/**
 * `POST /reset_password` → 200 where the token travels by mail or by an operator's hand; the same
 * where no account has the address.
 */
export interface ResetInstructionsBody {
  /** The address as it was sent. */
  readonly email: string;
  readonly message: 'reset instructions sent' | 'ask the operator for a reset token';
}

/** `PUT /reset_password`. */
export interface PasswordResetBody {
  readonly email: string;
  readonly reset_token: string;
  readonly new_password: string;
}

/** `PUT /reset_password` → 200. */
export interface PasswordUpdatedBody {
  readonly email: string;
  readonly message: 'password updated';
}

/** One entry of `GET /sessions`; times are ISO 8601, UTC. */
export interface SessionBody {
  /** Names the session, and opens nothing. */
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly address: string;
  readonly user_agent: string | null;
  /** Whether it is the one that asks. */
  readonly current: boolean;
}

/** `GET /sessions` → 200, the one used last first. */
export interface SessionsBody {
  readonly sessions: readonly SessionBody[];
}

/** `DELETE /sessions/:id` → 200; another user's id is 404 `not_found` like one that never was. */
export interface SessionEndedBody {
  readonly message: 'session ended';
}

/** `DELETE /sessions/others` → 200. */
export interface OtherSessionsEndedBody {
  readonly message: 'other sessions ended';
  /** How many. */
  readonly ended: number;
}

/** `PUT /profile/password`. */
export interface PasswordChangeBody {
  readonly current_password: string;
  readonly new_password: string;
}

/** `PUT /profile/password` → 200; every other session has ended. */
export interface PasswordChangedBody {
  readonly email: string;
  readonly message: 'password changed';
}

/** `PUT /profile/email`. */
export interface EmailChangeBody {
  readonly password: string;
  readonly new_email: string;
}

/** `PUT /profile/email` → 200, with the new address. */
export interface EmailChangedBody {
  readonly email: string;
  readonly message: 'email changed';
}

/** `DELETE /profile`. */
export interface DeleteAccountBody {
  readonly password: string;
}

/** `DELETE /profile` → 200, with the cookie cleared. */
export interface AccountDeletedBody {
  readonly email: string;
  readonly message: 'account deleted';
}

/** `GET /whoami` → 200: whose session the request carries. Times are ISO 8601, UTC. */
export interface WhoamiBody {
  readonly user: {
    /** Never changes and is never used again: what an application keys its rows on. */
    readonly id: string;
    readonly email: string;
    readonly email_verified: boolean;
    readonly role: string;
    readonly created_at: string;
  };
  readonly session: {
    readonly id: string;
    readonly created_at: string;
    readonly expires_at: string;
    /** How the login was made. */
    readonly methods: readonly string[];
  };
  /** The access token, once there are any. */
  readonly token: null;
}

/** `GET /health` → 200: the process answers. */
export interface HealthBody {
  readonly status: 'ok';
}

/** `GET /ready` → 200: the database answers and is migrated; otherwise 503 `database_unavailable`. */
export interface ReadyBody {
  readonly status: 'ready';
}

/** `GET /` → 200; which version runs here is the operator's to know. */
export interface AboutBody {
  readonly name: 'authsvc';
  readonly description: string;
  readonly registration: 'open';
  readonly email_verification: 'off';
  /** Code points, after NFC. */
  readonly password_min_length: number;
  /** Method and path of each endpoint, by what it does. */
  readonly endpoints: Readonly<Record<string, string>>;
}
