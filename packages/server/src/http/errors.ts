import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream';
import { type ErrorBody, type FieldError, statusOf, type WireErrorCode } from '@authsvc/client/contract';
import { AuthError, type AuthErrorCode } from '@authsvc/core';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

// Every refusal of the rules has a status.
statusOf satisfies Record<AuthErrorCode, number>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Renders a refusal for people; without it, a refusal is JSON. */
    refusalPage?: (refused: RefusedPage) => string;
  }
}

/** A refused request for a page. */
export interface RefusedPage {
  readonly error: unknown;
  readonly refusal: Refusal;
  readonly request: FastifyRequest;
  /** For headers; the caller sends it. */
  readonly reply: FastifyReply;
}

type SchemaErrors = NonNullable<FastifyError['validation']>;
type SchemaError = SchemaErrors[number];

/** The status of a missing session on routes that challenge. */
export const CHALLENGE_STATUS = 401;

/** Delay of a refusal. Without it, clients that retry at once would keep a core busy. */
const REFUSAL_PAUSE_MS = 1000;
/** This many 429 responses a second are sent at once; more are a flood. */
const PROMPT_REFUSALS = 20;

/** How long a refusal waits for the rest of a body that is not read. */
const UNREAD_BODY_MS = 1000;

const MAX_FIELD_ERRORS = 10;
/** A longer field name is cut in messages. */
export const MAX_FIELD_NAME_LENGTH = 64;

/** The codes of refusals by HTTP itself, in addition to those of the rules. */
export type HttpErrorCode = Exclude<WireErrorCode, AuthErrorCode> | 'not_found';

/** A refusal by HTTP itself, not by the rules. The message is for the client. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** Sent with the refusal, as `Allow` is with a 405. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** An answer that refuses. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

/**
 * Turns what was thrown into an error response: a refusal with its own message, anything unforeseen
 * as a bare `internal`.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof AuthError) {
    const { code, message, field, retryAfterSeconds } = error;
    const errors = code === 'invalid_request' && field ? [{ field, message }] : undefined;
    return refuse(code, message, retryAfter(code, retryAfterSeconds), errors);
  }
  if (error instanceof HttpError) return refuse(error.code, error.message, error.headers);
  if (error instanceof Error) return refusalOfFastify(error as Partial<FastifyError>);
  return internal();
}

function refusalOfFastify({ code, statusCode = 500, validation }: Partial<FastifyError>): Refusal {
  if (validation) {
    const errors = describeInvalidFields(validation);
    const message = errors.map((fieldError) => fieldError.message).join('; ');
    if (errors.length > 0) return refuse('invalid_request', message, {}, errors);
    return refuse('invalid_request', 'the request needs a body: a JSON object, or a form');
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('payload_too_large', 'the body is too large: at most 16 KiB');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse(
        'unsupported_media_type',
        'send the body as application/json or application/x-www-form-urlencoded, and say which in Content-Type',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('invalid_request', 'the body is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
      return refuse('invalid_request', 'the path is not validly percent-encoded');
    default:
      return statusCode >= 400 && statusCode < 500 ? refuse('invalid_request', 'the request is not valid') : internal();
  }
}

function retryAfter(code: AuthErrorCode, seconds = 1): Record<string, string> {
  const isPassing = statusOf[code] === 503 || statusOf[code] === 429;
  return isPassing ? { 'retry-after': String(seconds) } : {};
}

function internal(): Refusal {
  return refuse('internal', 'something went wrong on the server; its log says what');
}

/** A refusal with a code and a message. */
export function refuse(
  code: WireErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  errors?: readonly FieldError[],
): Refusal {
  return { status: statusOf[code], headers, body: { code, message, ...(errors && { errors }) } };
}

/** Says what is wrong with each invalid field; nothing if the body as a whole is invalid. */
function describeInvalidFields(errors: SchemaErrors): FieldError[] {
  return errors.slice(0, MAX_FIELD_ERRORS).flatMap((error) => {
    const field = fieldOf(error).slice(0, MAX_FIELD_NAME_LENGTH);
    return field ? [{ field, message: `${field} ${problemOf(error)}` }] : [];
  });
}

function fieldOf({ instancePath, params }: SchemaError): string {
  return String(params.missingProperty ?? params.additionalProperty ?? instancePath.slice(1));
}

function problemOf({ keyword, params, message }: SchemaError): string {
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a known field';
    case 'type':
      return 'must be a string';
    case 'minLength':
      return 'must not be empty';
    case 'maxLength':
      return `must be at most ${params.limit} characters`;
    default:
      return message ?? 'is not valid';
  }
}

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Sends the error response and logs it once: `overloaded` at `warn`, any other 5xx at `error`, the
 * rest at `debug`. Each server has a handler of its own, since it counts refusals.
 */
export function createErrorHandler(): ErrorHandler {
  const isFlood = createFloodCheck();
  return (error, request, reply) => {
    const refusal = refusalAt(request, error);
    const { status, headers, body } = refusal;
    const what = { method: request.method, route: request.routeOptions.url, status, code: body.code };
    reply.code(status).headers(headers);
    if (body.code === 'overloaded') request.log.warn(what, 'request refused');
    else if (status >= 500) request.log.error({ ...what, err: error }, 'request failed');
    else request.log.debug(what, 'request refused');
    const { refusalPage } = request.routeOptions.config;
    const answer = refusalPage ? refusalPage({ error, refusal, request, reply }) : body;
    if (body.code === 'overloaded' || (body.code === 'rate_limited' && isFlood())) {
      setTimeout(() => reply.send(answer), REFUSAL_PAUSE_MS);
    } else {
      discardBody(request.raw, () => reply.send(answer));
    }
  };
}

/**
 * Goes on once the body has arrived, at most {@link UNREAD_BODY_MS} later. A connection that is
 * closed with bytes unread is reset, and the client, still sending, would never see its answer.
 */
function discardBody(request: IncomingMessage, goOn: () => void): void {
  const { headers, complete, readableEnded, destroyed } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!hasBody || complete || readableEnded || destroyed) {
    goOn();
    return;
  }
  const finish = () => {
    clearTimeout(timer);
    stop();
    goOn();
  };
  const timer = setTimeout(finish, UNREAD_BODY_MS);
  const stop = finished(request, { writable: false }, finish);
  request.resume();
}

/** @returns a function that counts a refusal, and says whether this second has had too many. */
function createFloodCheck(): () => boolean {
  let refusals = 0;
  let countedUntil = 0;
  return () => {
    const now = performance.now();
    if (now >= countedUntil) {
      refusals = 0;
      countedUntil = now + 1000;
    }
    refusals += 1;
    return refusals > PROMPT_REFUSALS;
  };
}

/**
 * A missing session is 403, except on routes for applications, whose clients expect 401 and a
 * challenge.
 */
function refusalAt({ routeOptions: { schema } }: FastifyRequest, error: unknown): Refusal {
  const refusal = refusalOf(error);
  if (!schema?.challenges || refusal.body.code !== 'unauthenticated') return refusal;
  return { ...refusal, status: CHALLENGE_STATUS, headers: { ...refusal.headers, 'www-authenticate': 'Bearer' } };
}

/** Distinguishes an unknown path from an unsupported method; a 405 names the supported ones. */
export function addNotFoundHandler(server: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    methodsOf.set(url, methods);
  });
  server.setNotFoundHandler((request) => {
    const [path = ''] = request.url.split('?', 1);
    const methods = methodsOf.get(path);
    if (!methods) throw new HttpError('not_found', 'there is nothing at this path');
    const allow = [...methods].sort().join(', ');
    throw new HttpError('method_not_allowed', `this path has ${allow}`, { allow });
  });
}

/** Answers malformed HTTP and requests that time out, and closes the connection. */
export function createClientErrorHandler(
  headers: Readonly<Record<string, string>>,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.end(toHttp(clientRefusal(error.code), headers));
    socket.destroySoon();
  };
}

function clientRefusal(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return refuse('headers_too_large', 'the headers are too large: at most 16 KiB');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('invalid_request', 'the request did not arrive in time');
  return refuse('invalid_request', 'malformed HTTP request');
}

function toHttp({ status, body }: Refusal, headers: Readonly<Record<string, string>>): string {
  const json = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(json)}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${head.join('\r\n')}\r\n\r\n${json}`;
}
