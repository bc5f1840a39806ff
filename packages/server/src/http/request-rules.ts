import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { takeTurn } from './connection-limits.ts';
import { type ErrorHandler, HttpError, refuse } from './errors.ts';
import { checkHost, createOwnHosts, type OwnHosts } from './hosts.ts';
import { applyCors, checkOrigin, createTrustedOrigins, type TrustedOrigins } from './origins.ts';

/**
 * Node silently drops headers beyond its limit. Without a limit, 16 KiB of short ones would take a
 * hundred times as much memory.
 */
const MOST_HEADERS = 100;

const YEAR_SECONDS = 31_536_000;
/** @see https://owasp.org/www-project-secure-headers/ and ASVS 5.0, 3.4 */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers had been read: monotonic milliseconds, or 0 if nothing is measured. */
    arrivedAt: number;
  }
}

export type RequestRuleOptions = Partial<Pick<Config, 'publicUrl' | 'trustedOrigins' | 'allowedHosts'>>;

/** The rules of a server, which depend on how clients reach it. */
export interface RequestRules {
  readonly hosts: OwnHosts;
  readonly origins: TrustedOrigins;
  /** Sent with every response. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export function requestRulesFor({
  publicUrl,
  trustedOrigins = [],
  allowedHosts = [],
}: RequestRuleOptions): RequestRules {
  const hosts = createOwnHosts(publicUrl, allowedHosts);
  const hsts = { 'strict-transport-security': `max-age=${YEAR_SECONDS}` };
  return {
    hosts,
    origins: createTrustedOrigins(publicUrl, trustedOrigins, hosts),
    headers: publicUrl?.protocol === 'https:' ? { ...SECURITY_HEADERS, ...hsts } : SECURITY_HEADERS,
  };
}

/** Applies to every request first: the response's headers, the host it is for, its origin. */
export function addRequestRules(
  server: FastifyInstance,
  { hosts, origins, headers }: RequestRules,
  { timed }: { readonly timed: boolean },
): void {
  server.decorateRequest('arrivedAt', 0);
  // One hook for all, since each one costs every request.
  server.addHook('onRequest', (request, reply, done) => {
    if (timed) request.arrivedAt = performance.now();
    reply.headers(headers);
    checkHeaderCount(request.raw);
    checkHost(request.raw, hosts);
    if (applyCors(request, reply, origins)) return;
    checkOrigin(request.raw, origins);
    takeTurn(reply.raw, done);
  });
  server.server.on('listening', () => {
    const address = server.server.address();
    if (address !== null && typeof address === 'object') hosts.listensOn(address.port);
  });
  server.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = refuse('invalid_request', 'of all expectations, only 100-continue is met');
    response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(JSON.stringify(body));
  });
  server.server.maxHeadersCount = MOST_HEADERS;
}

/** @throws HttpError `headers_too_large`. */
function checkHeaderCount({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length <= MOST_HEADERS * 2) return;
  throw new HttpError('headers_too_large', `the request has too many headers: at most ${MOST_HEADERS}`);
}

/**
 * Answers a request whose path cannot be read. It has no route, and no hook sees it, so the rules
 * are applied here.
 */
export function createFrameworkErrorHandler(
  { hosts, origins, headers }: RequestRules,
  handleError: ErrorHandler,
): ErrorHandler {
  return (error, request, reply) => {
    reply.headers(headers);
    try {
      checkHost(request.raw, hosts);
      if (applyCors(request, reply, origins)) return;
      checkOrigin(request.raw, origins);
    } catch (refusal) {
      handleError(refusal, request, reply);
      return;
    }
    handleError(error, request, reply);
  };
}
