import type { FieldError } from './contract/endpoints.ts';

/** Every failure of a call to the service is one of these. */
export class AuthsvcError extends Error {
  override readonly name: string = 'AuthsvcError';
  /** HTTP; Express and Fastify answer with it if the error reaches them. */
  readonly statusCode: number = 503;
}

export interface ApiRefusalDetails {
  readonly code: string;
  /** The service's own sentence. */
  readonly message: string;
  /** HTTP, the service's. */
  readonly statusCode: number;
  readonly retryAfterSeconds?: number | undefined;
  readonly errors?: readonly FieldError[];
}

/** The service refused: `code` is one of the contract's, or one that this version does not know. */
export class ApiRefusal extends AuthsvcError {
  override readonly name = 'ApiRefusal';
  readonly code: string;
  override readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;
  /** Which fields are not valid, and why; empty where it is not about fields. */
  readonly errors: readonly FieldError[];

  constructor({ code, message, statusCode, retryAfterSeconds, errors = [] }: ApiRefusalDetails) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.retryAfterSeconds = retryAfterSeconds;
    this.errors = errors;
  }
}

/** The response is not one of authsvc's; `did` describes it, as in "answered 200 with …". */
export class UnexpectedAnswerError extends AuthsvcError {
  override readonly name = 'UnexpectedAnswerError';
  readonly server: string;
  readonly did: string;

  constructor(server: string, did: string) {
    super(`${server} ${did}`);
    this.server = server;
    this.did = did;
  }
}

/** The control socket is held, but no daemon answers: it hangs, or it is another program. */
export class ControlSilentError extends Error {
  override readonly name = 'ControlSilentError';
}

/** Whether a connection to a daemon was reset, as when it ends. */
export function isConnectionReset(error: unknown): boolean {
  if (error instanceof ControlSilentError) return isConnectionReset(error.cause);
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Why there was no response, in a few words. */
export const unreachable = {
  refused: 'connection refused',
  closed: 'connection closed',
  noTls: 'no TLS there',
  noHttp: 'no HTTP there',
} as const;

/** No response; `reason` says why in a few words: one of {@link unreachable}, or the system's. */
export class UnreachableError extends AuthsvcError {
  override readonly name = 'UnreachableError';
  readonly url: URL;
  readonly reason: string;

  constructor(reason: string, { url, cause }: { readonly url: URL; readonly cause: unknown }) {
    super(`${url.origin} is unreachable: ${reason}`, { cause });
    this.url = url;
    this.reason = reason;
  }
}
