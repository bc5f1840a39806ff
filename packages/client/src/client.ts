import { ApiRefusal, UnexpectedAnswerError } from './errors.ts';
import { cookieHeader, type IssuedCookie, readSessionCookie } from './session-cookie.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; `set-cookie` as a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface HttpLimits {
  /** Until the connection is established, milliseconds. */
  readonly connectMs: number;
  /** Until the response is complete, milliseconds. */
  readonly totalMs: number;
}

/** Sends one request and reads the whole response, whatever its status; follows no redirect. */
export type Transport = (request: HttpRequest, limits?: HttpLimits) => Promise<HttpReply>;

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** A session as the server knows it: which cookie carries which token. */
export interface SessionCookie {
  readonly token: string;
  /** Left out where it is not known. */
  readonly cookie?: string | undefined;
}

export interface NewSession extends IssuedCookie {
  /** As it was registered. */
  readonly email: string;
}

export interface RequestedReset {
  readonly email: string;
  /** Present when the service answers with it (delivery `response`). */
  readonly resetToken?: string | undefined;
  /** False where an operator issues the token, and no mail is sent. */
  readonly isMailed: boolean;
}

/**
 * The six endpoints, each as one call. Every call throws {@link ApiRefusal} for a refusal,
 * {@link UnexpectedAnswerError} for what is no answer of authsvc, and what the transport throws.
 */
export interface ApiClient {
  register(credentials: Credentials): Promise<{ readonly email: string }>;
  logIn(credentials: Credentials): Promise<NewSession>;
  logOut(session: SessionCookie): Promise<void>;
  profile(session: SessionCookie): Promise<{ readonly email: string }>;
  requestReset(email: string): Promise<RequestedReset>;
  resetPassword(reset: { email: string; resetToken: string; newPassword: string }): Promise<{ readonly email: string }>;
  /** Send any other request with a session: fields as JSON, the success body back. */
  send(method: HttpRequest['method'], path: string, session: SessionCookie, fields?: object): Promise<SuccessBody>;
  /** Whether the service answers; never throws. */
  isAlive(): Promise<boolean>;
}

export type SuccessBody = Readonly<Record<string, unknown>>;

export interface ApiClientOptions {
  /** An origin, perhaps with a path, without a slash at the end. */
  readonly server: string;
  readonly transport: Transport;
  /** Called after each exchange with its method, address and status, never a body or a header. */
  readonly debug?: (line: string) => void;
  readonly limits?: HttpLimits;
}

export function createApiClient({ server, transport, debug, limits }: ApiClientOptions): ApiClient {
  async function send(method: HttpRequest['method'], path: string, rest: RequestDetails = {}): Promise<HttpReply> {
    const url = new URL(server + path);
    const { body, session } = rest;
    const request: HttpRequest = {
      method,
      url,
      headers: {
        accept: 'application/json',
        'user-agent': 'authsvc',
        ...(body && { 'content-type': 'application/json' }),
        ...(session && { cookie: cookieHeader(session.token, session.cookie) }),
      },
      body,
    };
    const reply = await transport(request, rest.limits ?? limits);
    debug?.(`${method} ${url.href} answered ${reply.status}`);
    return reply;
  }

  async function call(method: HttpRequest['method'], path: string, rest: RequestDetails = {}) {
    const reply = await send(method, path, rest);
    return { headers: reply.headers, body: readBody(server, reply) };
  }

  return {
    async register(credentials) {
      const { body } = await call('POST', '/users', { body: JSON.stringify(credentials) });
      return { email: text(server, body, 'email') };
    },
    async logIn(credentials) {
      const { body, headers } = await call('POST', '/sessions', { body: JSON.stringify(credentials) });
      const cookie = readSessionCookie([headers['set-cookie'] ?? []].flat());
      if (!cookie) throw new UnexpectedAnswerError(server, 'logged in without giving a session');
      return { email: text(server, body, 'email'), ...cookie };
    },
    async logOut(session) {
      await call('DELETE', '/sessions', { session });
    },
    async profile(session) {
      const { body } = await call('GET', '/profile', { session });
      return { email: text(server, body, 'email') };
    },
    async requestReset(address) {
      const { body } = await call('POST', '/reset_password', { body: JSON.stringify({ email: address }) });
      const resetToken = typeof body.reset_token === 'string' ? body.reset_token : undefined;
      const email = text(server, body, 'email');
      return { email, resetToken, isMailed: body.message !== 'ask the operator for a reset token' };
    },
    async resetPassword({ email, resetToken, newPassword }) {
      const fields = { email, reset_token: resetToken, new_password: newPassword };
      const { body } = await call('PUT', '/reset_password', { body: JSON.stringify(fields) });
      return { email: text(server, body, 'email') };
    },
    async send(method, path, session, fields) {
      const { body } = await call(method, path, { session, ...(fields && { body: JSON.stringify(fields) }) });
      return body;
    },
    async isAlive() {
      try {
        const { status } = await send('GET', '/health', { limits: { connectMs: 1000, totalMs: 2000 } });
        return status === 200;
      } catch {
        return false;
      }
    },
  };
}

interface RequestDetails {
  readonly body?: string;
  readonly session?: SessionCookie;
  readonly limits?: HttpLimits;
}

function readBody(server: string, { status, headers, body }: HttpReply): SuccessBody {
  if (status >= 300 && status < 400) {
    throw new UnexpectedAnswerError(
      server,
      `answered with a redirect to ${headers.location ?? 'nowhere'}, and redirects are not followed`,
    );
  }
  const parsed = parseObject(body);
  if (!parsed) throw new UnexpectedAnswerError(server, `answered ${status} with something else than JSON`);
  if (status === 200) return parsed;

  const { code, message } = parsed;
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw new UnexpectedAnswerError(server, `answered ${status} without saying why`);
  }
  const retryAfter = Number.parseInt(String(headers['retry-after']), 10);
  throw new ApiRefusal({
    code,
    message,
    httpStatus: status,
    retryAfterSeconds: Number.isNaN(retryAfter) ? undefined : retryAfter,
  });
}

function parseObject(body: string): SuccessBody | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function text(server: string, body: SuccessBody, field: string): string {
  const value = body[field];
  if (typeof value !== 'string') throw new UnexpectedAnswerError(server, `answered without the field ${field}`);
  // A terminal will show it, and would obey control characters.
  if (/\p{Cc}/u.test(value))
    throw new UnexpectedAnswerError(server, `answered with control characters in the field ${field}`);
  return value;
}
