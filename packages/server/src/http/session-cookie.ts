import { type ActiveSession, AuthError, type AuthPorts, authenticate } from '@authsvc/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    readonly sessionCookie: OwnCookie;
  }
}

/**
 * How many cookies of our name are tried. A browser sends several if other paths or ports of the
 * host have set some.
 */
const MOST_COOKIES = 4;

/** A cookie's name, and its flags as Set-Cookie has them. */
export interface OwnCookie {
  readonly name: string;
  readonly flags: string;
}

/**
 * Makes a cookie of ours.
 *
 * With an https URL the cookie never travels in the clear, and the `__Host-` prefix keeps
 * neighbouring hosts from planting one.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
 */
export function cookieFor(publicUrl: URL | undefined, name: 'session_id' | 'authsvc_device'): OwnCookie {
  return publicUrl?.protocol === 'https:'
    ? { name: `__Host-${name}`, flags: 'HttpOnly; Secure; SameSite=Lax' }
    : { name, flags: 'HttpOnly; SameSite=Lax' };
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

/** The first session token that a request carries, if any. */
export function readSessionCookie({ headers, server }: FastifyRequest): string | undefined {
  return readCookie(headers.cookie, server.sessionCookie);
}

/**
 * The first value of a cookie of ours, if any.
 *
 * Parsed by hand, since every session check does it. A token has no character that would be encoded
 * or quoted.
 */
export function readCookie(cookie: string | undefined, { name }: OwnCookie): string | undefined {
  if (cookie === undefined) return undefined;
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
  setCookie(reply, reply.server.sessionCookie, token, lifetimeMs);
}

/** @param lifetimeMs what the cookie has as `Max-Age`. */
export function setCookie(reply: FastifyReply, { name, flags }: OwnCookie, value: string, lifetimeMs: number): void {
  reply.header('set-cookie', `${name}=${value}; Max-Age=${Math.floor(lifetimeMs / 1000)}; Path=/; ${flags}`);
}

export function clearSessionCookie(reply: FastifyReply): void {
  const { name, flags } = reply.server.sessionCookie;
  reply.header('set-cookie', `${name}=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ${flags}`);
}
