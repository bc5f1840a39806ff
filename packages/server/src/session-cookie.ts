import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Exposure } from './exposure.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly sessionCookie: Exposure['cookie'];
  }
}

/** The session token that a request carries, if any. */
export function readSessionCookie({ headers, server }: FastifyRequest): string | undefined {
  return headers.cookie === undefined ? undefined : server.parseCookie(headers.cookie)[server.sessionCookie.name];
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
