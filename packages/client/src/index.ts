export { type Authsvc, type AuthsvcOptions, createAuthsvc, type Relayed, type RelayedLogin } from './authsvc.ts';
export type {
  ApiClientOptions,
  HttpLimits,
  HttpReply,
  HttpRequest,
  SuccessBody,
  Transport,
} from './call.ts';
export {
  type ApiClient,
  type BegunTotp,
  createApiClient,
  type EnabledTotp,
  type NewSession,
  type RequestedReset,
  type SessionCookie,
} from './client.ts';
export {
  ApiRefusal,
  type ApiRefusalDetails,
  AuthsvcError,
  ControlSilentError,
  isConnectionReset,
  UnexpectedAnswerError,
  UnreachableError,
  unreachable,
} from './errors.ts';
export type { Identity, Session, User } from './identity.ts';
export type {
  Confirmation,
  Credentials,
  EmailProof,
  PasswordReset,
  Registration,
  SecondFactor,
} from './operations.ts';
export type { RelayedRequest, RelayOptions, RequestHeaders } from './relayed-request.ts';
export type { FastifyPlugin, Middleware, RequireUserOptions } from './require-user.ts';
export { CrossOriginError } from './same-origin.ts';
export type { CodeNeeded, Factors } from './second-factor.ts';
export {
  cookieHeader,
  deviceCookieHeader,
  type IssuedCookie,
  isTokenText,
  readDeviceToken,
  readSessionCookie,
} from './session-cookie.ts';
