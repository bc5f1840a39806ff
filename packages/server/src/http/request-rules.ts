import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { limitWaiting, takeTurn } from './connection-limits.ts';
import { HttpError, handleError, refuse } from './errors.ts';
import type { Exposure } from './exposure.ts';
import { checkHost } from './hosts.ts';
import { applyCors, checkOrigin } from './origins.ts';

/**
 * Beyond it, Node drops headers without a word, and 16 KiB of short ones would take a hundred times
 * their size.
 */
const MOST_HEADERS = 100;

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers had been read, in milliseconds of the monotonic clock; 0 where nothing is measured. */
    arrivedAt: number;
  }
}

/** What holds for every request before anything is made of it: the headers of its answer, the host it is for, the page it comes from. */
export function addRequestRules(
  server: FastifyInstance,
  { names, origins, cookie, headers }: Exposure,
  { timed }: { readonly timed: boolean },
): void {
  server.decorate('sessionCookie', cookie);
  server.decorateRequest('arrivedAt', 0);
  // One hook for all, since each one costs every request.
  server.addHook('onRequest', (request, reply, done) => {
    if (timed) request.arrivedAt = performance.now();
    reply.headers(headers);
    checkHeaderCount(request.raw);
    checkHost(request.raw, names);
    if (applyCors(request, reply, origins)) return;
    checkOrigin(request.raw, origins);
    takeTurn(reply.raw, done);
  });
  server.server.on('listening', () => {
    const address = server.server.address();
    if (address !== null && typeof address === 'object') names.listensOn(address.port);
  });
  server.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = refuse('invalid_request', 'of all expectations, only 100-continue is met');
    response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(JSON.stringify(body));
  });
  server.server.maxHeadersCount = MOST_HEADERS;
  limitWaiting(server.server);
}

/** @throws HttpError `headers_too_large`. */
function checkHeaderCount({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length <= MOST_HEADERS * 2) return;
  throw new HttpError('headers_too_large', `the request has too many headers: at most ${MOST_HEADERS}`);
}

/** Answers a request that has no route because its path cannot be read; hooks do not see it, so their rules are applied here. */
export function createFrameworkErrorHandler({ names, origins, headers }: Exposure) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers(headers);
    try {
      checkHost(request.raw, names);
      if (applyCors(request, reply, origins)) return;
      checkOrigin(request.raw, origins);
    } catch (refusal) {
      handleError(refusal, request, reply);
      return;
    }
    handleError(error, request, reply);
  };
}
