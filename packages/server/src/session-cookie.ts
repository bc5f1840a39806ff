import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Exposure } from './exposure.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly sessionCookie: Exposure['cookie'];
  }
}

/**
 * The session token that a request carries, if any. Of two with the name the first counts, as the browser sends the more particular one first.
 *
 * Read by hand, since this is on the way of every session check: a token holds nothing that would be encoded or quoted.
 */
export function readSessionCookie({ headers, server }: FastifyRequest): string | undefined {
  const { cookie } = headers;
  if (cookie === undefined) return undefined;
  const { name } = server.sessionCookie;
  let start = 0;
  while (start < cookie.length) {
    const next = cookie.indexOf(';', start);
    const end = next === -1 ? cookie.length : next;
    while (cookie[start] === ' ') start += 1;
    if (cookie[start + name.length] === '=' && cookie.startsWith(name, start)) {
      return cookie.slice(start + name.length + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}

/** @param lifetimeMs the session's absolute lifetime, which the cookie tells the client as `Max-Age`. */
export function setSessionCookie(reply: FastifyReply, token: string, lifetimeMs: number): void {
  const { name, attributes } = reply.server.sessionCookie;
  reply.setCookie(name, token, { ...attributes, maxAge: Math.floor(lifetimeMs / 1000) });
}

export function clearSessionCookie(reply: FastifyReply): void {
  const { name, attributes } = reply.server.sessionCookie;
  reply.clearCookie(name, attributes);
}
