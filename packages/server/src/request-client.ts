import { isIP } from 'node:net';
import type { Client } from '@authsvc/core';
import type { FastifyRequest } from 'fastify';

const USER_AGENT_MAX_LENGTH = 256;

/** Where a request came from, as events and sessions record it; behind a trusted proxy, from where that says it came. */
export function requestClient({ ip, headers, raw }: FastifyRequest): Client {
  return {
    // A proxy can pass on whatever it was told.
    address: isIP(ip) === 0 ? (raw.socket.remoteAddress ?? ip) : ip,
    userAgent: headers['user-agent']?.slice(0, USER_AGENT_MAX_LENGTH),
    proxied: raw.httpVersion === '1.0' || Object.keys(headers).some(isProxyHeader),
  };
}

function isProxyHeader(name: string): boolean {
  return name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-');
}
