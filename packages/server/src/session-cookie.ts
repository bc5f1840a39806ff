import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'session_id';
const ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'lax' } as const;

/** The session token that a request carries, if any. */
export function readSessionCookie({ headers, server }: FastifyRequest): string | undefined {
  return headers.cookie === undefined ? undefined : server.parseCookie(headers.cookie)[NAME];
}

/** @param lifetimeMs the session's absolute lifetime, which the cookie tells the client as `Max-Age`. */
export function setSessionCookie(reply: FastifyReply, token: string, lifetimeMs: number): void {
  reply.setCookie(NAME, token, { ...ATTRIBUTES, maxAge: Math.floor(lifetimeMs / 1000) });
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(NAME, ATTRIBUTES);
}
