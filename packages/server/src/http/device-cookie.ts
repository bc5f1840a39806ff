import type { LoggedIn } from '@authsvc/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type OwnCookie, readCookie, setCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** By it, an account knows a browser that has logged in before. It opens nothing. */
    readonly deviceCookie: OwnCookie;
  }
}

/** The device token that a request carries, if any. */
export function readDeviceCookie({ headers, server }: FastifyRequest): string | undefined {
  return readCookie(headers.cookie, server.deviceCookie);
}

/** Set or renew the cookie of a browser that has just logged in. Logging out leaves it. */
export function setDeviceCookie(reply: FastifyReply, { token, expiresAt }: LoggedIn['device'], nowMs: number): void {
  setCookie(reply, reply.server.deviceCookie, token, expiresAt - nowMs);
}
