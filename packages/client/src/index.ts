export {
  type ApiClient,
  type ApiClientOptions,
  type Credentials,
  createApiClient,
  type HttpLimits,
  type HttpReply,
  type HttpRequest,
  type NewSession,
  type RequestedReset,
  type SessionCookie,
  type SuccessBody,
  type Transport,
} from './client.ts';
export {
  ApiRefusal,
  type ApiRefusalDetails,
  ControlSilentError,
  isConnectionReset,
  UnexpectedAnswerError,
  UnreachableError,
  unreachable,
} from './errors.ts';
export { cookieHeader, type IssuedCookie, isTokenText, readSessionCookie } from './session-cookie.ts';
