import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TrustedOrigins } from './trusted-origins.ts';

const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of trusted origins read answers and send credentials; to others nothing is said.
 *
 * @returns whether the request was a preflight, which has then been answered.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function applyCors({ method, headers }: FastifyRequest, reply: FastifyReply, trusted: TrustedOrigins): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  reply.header('vary', 'Origin');
  if (!trusted.includes(origin)) return false;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
  });
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  reply.headers({
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
    'access-control-allow-headers': 'Content-Type',
    'access-control-max-age': PREFLIGHT_SECONDS,
  });
  reply.code(204).send();
  return true;
}
