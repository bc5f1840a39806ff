import { type ActiveSession, AuthError, type AuthPorts, authenticate } from '@authsvc/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    readonly sessionCookie: ReturnType<typeof sessionCookieFor>;
  }
}

/**
 * How many cookies of our name are tried. A browser sends several if other paths or ports of the
 * host have set some.
 */
const MOST_COOKIES = 4;

/**
 * The cookie's name, and its flags as Set-Cookie has them.
 *
 * With an https URL the cookie never travels in the clear, and the `__Host-` prefix keeps
 * neighbouring hosts from planting one.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
 */
export function sessionCookieFor(publicUrl: URL | undefined) {
  return publicUrl?.protocol === 'https:'
    ? { name: '__Host-session_id', flags: 'HttpOnly; Secure; SameSite=Lax' }
    : { name: 'session_id', flags: 'HttpOnly; SameSite=Lax' };
}

/**
 * Finds the session of a request: the first valid one, if it carries several cookies of our name.
 *
 * @returns no promise if the session is in memory.
 * @throws AuthError `unauthenticated`: none is valid.
 */
export function authenticateRequest(ports: AuthPorts, request: FastifyRequest): ActiveSession | Promise<ActiveSession> {
  const session = authenticate(ports, readSessionCookie(request));
  if (!(session instanceof Promise)) return session;
  return session.catch((error) => tryOtherCookies(request, error, (token) => authenticate(ports, token)));
}

/**
 * After the first cookie of our name was refused, tries the others.
 *
 * @throws the first refusal, if none is valid.
 */
export async function tryOtherCookies<Result>(
  request: FastifyRequest,
  refusal: unknown,
  use: (token: string) => Result | Promise<Result>,
): Promise<Result> {
  if (!isUnauthenticated(refusal)) throw refusal;
  const start = `${request.server.sessionCookie.name}=`;
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trimStart());
  for (const cookie of cookies.filter((one) => one.startsWith(start)).slice(1, MOST_COOKIES)) {
    try {
      return await use(cookie.slice(start.length));
    } catch (error) {
      if (!isUnauthenticated(error)) throw error;
    }
  }
  throw refusal;
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'unauthenticated';
}

/**
 * The first session token that a request carries, if any.
 *
 * Parsed by hand, since every session check does it. A token has no character that would be encoded
 * or quoted.
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

/** @param lifetimeMs the session's absolute lifetime, which the cookie has as `Max-Age`. */
export function setSessionCookie(reply: FastifyReply, token: string, lifetimeMs: number): void {
  const { name, flags } = reply.server.sessionCookie;
  reply.header('set-cookie', `${name}=${token}; Max-Age=${Math.floor(lifetimeMs / 1000)}; Path=/; ${flags}`);
}

export function clearSessionCookie(reply: FastifyReply): void {
  const { name, flags } = reply.server.sessionCookie;
  reply.header('set-cookie', `${name}=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ${flags}`);
}
