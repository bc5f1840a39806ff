import { accountEndpoints } from './account-endpoints.ts';
import {
  code,
  confirmation,
  credentials,
  type Endpoint,
  email,
  password,
  said,
  string,
  time,
  uuid,
} from './endpoint.ts';
import { object, objectWith, type Properties, partOf, type Static, text } from './schema.ts';
import type { WireErrorCode } from './status-codes.ts';

/** What the service offers to applications, by the names that operations have in OpenAPI. */
export const endpoints = {
  /** Where addresses must be proven, known and unknown ones are answered alike. */
  register: {
    method: 'POST',
    path: '/users',
    summary: 'Create an account, by an invitation or without; where addresses must be proven, ask for the proof',
    refusals: [
      'password_rejected',
      'email_taken',
      'registration_closed',
      'invalid_invitation_token',
      'rate_limited',
      'overloaded',
      'database_unavailable',
    ],
    body: objectWith({ email, password }, { invitation_token: text(128) }),
    // The address as it was registered, here and below.
    response: { 200: partOf({ email: string, message: said('user created') }) },
  },
  requestEmailVerification: {
    method: 'POST',
    path: '/email_verification',
    summary: 'Ask for the verification mail of a registration again',
    refusals: ['rate_limited', 'database_unavailable'],
    body: object({ email }),
    response: { 200: partOf({ email: string, message: said('verification instructions sent') }) },
  },
  /** `password` becomes a new account's; for a change of email, it and `code` are the account's. */
  verifyEmail: {
    method: 'PUT',
    path: '/email_verification',
    summary: 'Prove an address with a verification token: makes the account, or changes its email',
    refusals: [
      'password_rejected',
      'invalid_credentials',
      'second_factor_required',
      'invalid_code',
      'registration_closed',
      'invalid_verification_token',
      'rate_limited',
      'overloaded',
      'database_unavailable',
    ],
    body: objectWith({ email, verification_token: text(128), password }, { code }),
    response: { 200: partOf({ email: string, message: said('email verified') }) },
  },
  /**
   * The session's token is in the cookie alone. Another cookie makes this browser known to the
   * account.
   */
  logIn: {
    method: 'POST',
    path: '/sessions',
    summary: 'Log in; the session comes as a cookie',
    refusals: ['invalid_credentials', 'second_factor_required', 'rate_limited', 'overloaded', 'database_unavailable'],
    // With the token and a code, `logInWithCode` completes the login.
    refused: { second_factor_required: { second_factor_token: string, methods: { type: 'array', items: string } } },
    body: credentials,
    response: { 200: partOf({ email: string, message: said('logged in') }) },
  },
  /** The token lives five minutes, for five codes, and opens nothing else. */
  logInWithCode: {
    method: 'POST',
    path: '/sessions/second_factor',
    summary: 'Complete a login by a code of the second factor; the session comes as a cookie',
    refusals: ['invalid_code', 'second_factor_expired', 'rate_limited', 'database_unavailable'],
    body: object({ second_factor_token: text(128), code }),
    response: { 200: partOf({ email: string, message: said('logged in') }) },
  },
  logOut: {
    method: 'DELETE',
    path: '/sessions',
    summary: 'End this session',
    refusals: ['unauthenticated', 'database_unavailable'],
    response: { 200: partOf({ message: said('logged out') }) },
  },
  getProfile: {
    method: 'GET',
    path: '/profile',
    summary: 'Tell who is logged in',
    refusals: ['unauthenticated', 'database_unavailable'],
    response: { 200: partOf({ email: string }) },
  },
  /** `reset_token` if tokens are delivered in the response, and otherwise `message`. */
  requestPasswordReset: {
    method: 'POST',
    path: '/reset_password',
    summary: 'Ask for a reset token',
    refusals: ['unknown_email', 'reset_delivery_refused', 'rate_limited', 'database_unavailable'],
    body: object({ email }),
    response: { 200: partOf({ email: string, reset_token: string, message: string }) },
  },
  resetPassword: {
    method: 'PUT',
    path: '/reset_password',
    summary: 'Choose a new password with a reset token; ends every session of that user',
    refusals: ['password_rejected', 'invalid_reset_token', 'rate_limited', 'overloaded', 'database_unavailable'],
    body: object({ email, reset_token: text(128), new_password: password }),
    response: { 200: partOf({ email: string, message: said('password updated') }) },
  },
  /** The one used last comes first. */
  listSessions: {
    method: 'GET',
    path: '/sessions',
    summary: 'List your open sessions',
    refusals: ['unauthenticated', 'database_unavailable'],
    response: {
      200: object({
        sessions: {
          type: 'array',
          items: object({
            // Names the session, and opens nothing.
            id: uuid,
            created_at: time,
            last_used_at: time,
            address: string,
            user_agent: { type: ['string', 'null'] },
            // Whether it is the one that asks.
            current: { type: 'boolean' },
          }),
        },
      }),
    },
  },
  endOtherSessions: {
    method: 'DELETE',
    path: '/sessions/others',
    summary: 'End every session of yours but this one',
    refusals: ['unauthenticated', 'rate_limited', 'database_unavailable'],
    response: { 200: object({ message: said('other sessions ended'), ended: { type: 'integer' } }) },
  },
  /** Another user's id is 404 `not_found`, like one that never existed. */
  endSession: {
    method: 'DELETE',
    path: '/sessions/:id',
    summary: 'End one session of yours',
    refusals: ['unauthenticated', 'not_found', 'rate_limited', 'database_unavailable'],
    params: object({ id: text(64) }),
    response: { 200: partOf({ message: said('session ended') }) },
  },
  changePassword: {
    method: 'PUT',
    path: '/profile/password',
    summary: 'Change your password, and end every other session of yours',
    refusals: ['password_rejected', ...confirmation],
    body: objectWith({ current_password: password, new_password: password }, { code }),
    response: { 200: partOf({ email: string, message: said('password changed') }) },
  },
  /** Answers with the address in force: where addresses must be proven, still the old one. */
  changeEmail: {
    method: 'PUT',
    path: '/profile/email',
    summary: 'Change your email, or ask for it where addresses must be proven',
    refusals: ['email_taken', ...confirmation],
    body: objectWith({ password, new_email: email }, { code }),
    response: { 200: partOf({ email: string, message: string }) },
  },
  /** Clears the cookie. */
  deleteAccount: {
    method: 'DELETE',
    path: '/profile',
    summary: 'Delete your account and all that belongs to it',
    refusals: confirmation,
    body: objectWith({ password }, { code }),
    response: { 200: partOf({ email: string, message: said('account deleted') }) },
  },
  ...accountEndpoints,
  /** By the link of a notice: once, for 72 hours. The link works without a session. */
  notMe: {
    method: 'POST',
    path: '/not_me',
    summary: "Take your account back with a notice's token: ends all that is open, and locks it until a reset by mail",
    refusals: ['invalid_not_me_token', 'rate_limited', 'database_unavailable'],
    body: object({ token: text(128) }),
    response: { 200: object({ message: said('account locked') }) },
  },
  whoami: {
    method: 'GET',
    path: '/whoami',
    summary: 'Say whose session this is',
    challenges: true,
    refusals: ['unauthenticated', 'database_unavailable'],
    response: {
      200: object({
        user: object({
          // Never changes and is never used again: what an application keys its rows on.
          id: uuid,
          email: string,
          email_verified: { type: 'boolean' },
          role: string,
          created_at: time,
        }),
        session: object({
          id: uuid,
          created_at: time,
          expires_at: time,
          // How the login was made.
          methods: { type: 'array', items: string },
        }),
        // The access token, once there are any.
        token: { type: 'null' },
      }),
    },
  },
  getHealth: {
    method: 'GET',
    path: '/health',
    summary: 'Tell whether the process answers',
    response: { 200: partOf({ status: said('ok') }) },
  },
  getReadiness: {
    method: 'GET',
    path: '/ready',
    summary: 'Tell whether the database answers and is migrated',
    refusals: ['database_unavailable'],
    response: { 200: partOf({ status: said('ready') }) },
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
type Endpoints = typeof endpoints;

/** The fields of a request's body. */
export type BodyOf<Name extends EndpointName> = Endpoints[Name] extends { readonly body: infer S } ? Static<S> : never;

/** The body of a 200. */
export type AnswerOf<Name extends EndpointName> = Static<Endpoints[Name]['response'][200]>;

export interface FieldError {
  /** The field's name as it was sent. */
  readonly field: string;
  readonly message: string;
}

/** The body of every answer but 200; of some codes it holds more. */
export interface ErrorBody {
  /** Stable, for machines. */
  readonly code: WireErrorCode;
  /** A sentence for a person; it may change. */
  readonly message: string;
  /** Which fields are not valid, and why. */
  readonly errors?: readonly FieldError[];
}

/** `POST /sessions` → 401 of an account with a second factor. */
export interface CodeNeededBody extends ErrorBody, RefusedWith<'logIn', 'second_factor_required'> {}

type RefusedWith<Name extends EndpointName, Code extends WireErrorCode> = Endpoints[Name] extends {
  readonly refused: { readonly [one in Code]: infer P extends Properties };
}
  ? { readonly [Field in keyof P]: Static<P[Field]> }
  : never;

/** `GET /` → 200; it does not say which version runs: that is for the operator. */
export interface AboutBody {
  readonly name: 'authsvc';
  readonly description: string;
  /** Who may make an account. */
  readonly registration: 'open' | 'invited' | 'closed';
  /** With `required`, there is no account before its mailbox is proven. */
  readonly email_verification: 'off' | 'required';
  /** Code points, after NFC. */
  readonly password_min_length: number;
  /** What the addresses of pages for people begin with; null where there are none. */
  readonly pages: string | null;
  /** Method and path of each endpoint, by what it does. */
  readonly endpoints: Readonly<Record<string, string>>;
}
