import type { FieldError } from './contract/endpoints.ts';
import { ApiRefusal, UnexpectedAnswerError } from './errors.ts';

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
  /** Until the connection is established, milliseconds; `fetch` does not say when it is. */
  readonly connectMs?: number;
  /** Until the response is complete, milliseconds. */
  readonly totalMs: number;
}

/** Sends one request and reads the whole response, of any status; follows no redirect. */
export type Transport = (request: HttpRequest, limits?: HttpLimits) => Promise<HttpReply>;

/** Bytes of an answer, after which a transport gives up: far more than any endpoint sends. */
export const LONGEST_BODY = 1024 * 1024;

export interface ApiClientOptions {
  /** An origin, perhaps with a path, without a slash at the end. */
  readonly server: string;
  readonly transport: Transport;
  /** Called after each exchange with its method, address and status, never a body or a header. */
  readonly debug?: (line: string) => void;
  readonly limits?: HttpLimits;
}

/** One request to the service. */
export interface Call {
  readonly method: HttpRequest['method'];
  readonly path: string;
  /** Sent as JSON. */
  readonly fields?: object | undefined;
  /** Added to those of every call, or instead of them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits?: HttpLimits | undefined;
  /** The code of a refusal that is read like a success, and not thrown. */
  readonly expects?: string | undefined;
}

export type SuccessBody = Readonly<Record<string, unknown>>;

/** A 200, or the refusal that was expected: its body, and the headers that came with it. */
export interface Success {
  readonly headers: HttpReply['headers'];
  readonly body: SuccessBody;
}

/**
 * Make the one function that calls the service.
 *
 * It throws {@link ApiRefusal} for a refusal, {@link UnexpectedAnswerError} for what is no answer
 * of authsvc, and what the transport throws.
 */
export function createCaller({ server, transport, debug, limits }: ApiClientOptions) {
  return async ({ method, path, fields, headers, limits: ownLimits = limits, expects }: Call): Promise<Success> => {
    const url = new URL(server + path);
    const request: HttpRequest = {
      method,
      url,
      headers: {
        accept: 'application/json',
        'user-agent': 'authsvc',
        ...(fields && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: fields && JSON.stringify(fields),
    };
    const reply = await transport(request, ownLimits);
    debug?.(`${method} ${url.href} answered ${reply.status}`);
    return { headers: reply.headers, body: readBody(server, reply, expects) };
  };
}

function readBody(server: string, { status, headers, body }: HttpReply, expects: string | undefined): SuccessBody {
  if (status >= 300 && status < 400) {
    throw new UnexpectedAnswerError(
      server,
      `answered with a redirect to ${headers.location ?? 'nowhere'}, and redirects are not followed`,
    );
  }
  const parsed = parseObject(body);
  if (!parsed) throw new UnexpectedAnswerError(server, `answered ${status} with something else than JSON`);
  const { code, message, errors } = parsed;
  if (status === 200 || (expects !== undefined && code === expects)) return parsed;

  if (typeof code !== 'string' || typeof message !== 'string') {
    throw new UnexpectedAnswerError(server, `answered ${status} without saying why`);
  }
  const retryAfter = Number.parseInt(String(headers['retry-after']), 10);
  throw new ApiRefusal({
    code,
    message,
    statusCode: status,
    retryAfterSeconds: Number.isNaN(retryAfter) ? undefined : retryAfter,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
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

function isFieldError(value: unknown): value is FieldError {
  const { field, message } = (value ?? {}) as Partial<FieldError>;
  return typeof field === 'string' && typeof message === 'string';
}
