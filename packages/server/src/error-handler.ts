import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';
import { type Refusal, refusalOf, refuse } from './refusal.ts';

/** Of a missing session, at routes that challenge. */
export const CHALLENGE_STATUS = 401;

/** How long a refusal waits: clients that try again at once would otherwise keep a core busy with refusals. */
const REFUSAL_PAUSE_MS = 1000;
/** So many refusals of 429 a second are answered at once; beyond them it is a flood. */
const PROMPT_REFUSALS = 20;

/** Answers whatever a request threw, and logs it once: what is ours to mend as an error, the rest for whoever debugs a client. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, headers, body } = refusalAt(request, error);
  const what = { method: request.method, route: request.routeOptions.url, status, code: body.code };
  reply.code(status).headers(headers);
  if (body.code === 'overloaded') request.log.warn(what, 'request refused');
  else if (status >= 500) request.log.error({ ...what, err: error }, 'request failed');
  else request.log.debug(what, 'request refused');
  if (body.code === 'overloaded' || (body.code === 'rate_limited' && isFlood())) {
    setTimeout(() => reply.send(body), REFUSAL_PAUSE_MS);
  } else {
    reply.send(body);
  }
}

let refusals = 0;
let countedUntil = 0;

/** Counts a refusal, and says whether there were too many of them in this second. */
function isFlood(): boolean {
  const now = performance.now();
  if (now >= countedUntil) {
    refusals = 0;
    countedUntil = now + 1000;
  }
  refusals += 1;
  return refusals > PROMPT_REFUSALS;
}

/**
 * Elsewhere a missing session stays 403; where an application asks, its client expects 401 and a
 * challenge.
 */
function refusalAt({ routeOptions: { schema } }: FastifyRequest, error: unknown): Refusal {
  const refusal = refusalOf(error);
  if (!schema?.challenges || refusal.body.code !== 'unauthenticated') return refusal;
  return { ...refusal, status: CHALLENGE_STATUS, headers: { ...refusal.headers, 'www-authenticate': 'Bearer' } };
}

/** Tells an unknown path from a method that a path does not have; a 405 names those that it has. */
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

/** Answers what is not even HTTP, or does not arrive in time, and closes the connection. */
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
  return refuse('invalid_request', 'this is not HTTP as it must be');
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
