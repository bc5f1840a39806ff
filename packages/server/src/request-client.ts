import type { Requester } from '@authsvc/core';
import type { FastifyRequest } from 'fastify';
import { readClientAddress } from './client-address.ts';
import { printable } from './printable.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Proxies that were warned about because they name no client. */
    readonly silentProxies: Set<string>;
  }
}

const USER_AGENT_MAX_LENGTH = 256;
/** What proxies of any make say of whom they speak for; some, as many an nginx, say no more than `X-Real-IP`. */
const PROXY_HEADERS =
  /^(?:forwarded|via|x-(?:forwarded|original|rewrite)\b.*|(?:x-real|x-client|x-cluster-client|true-client|cf-connecting)-ip)$/;
/** A whole network can be listed. */
const MOST_WARNINGS = 100;

/** Where a request came from, as events and sessions record it; behind a trusted proxy, from where that says it came. */
export function requestClient(request: FastifyRequest): Requester {
  const { ip, headers, raw } = request;
  const address = readClientAddress(ip);
  const peer = raw.socket.remoteAddress;
  // Only what a listed proxy says of its client can be no address.
  if (address === undefined && peer !== undefined) warnOfSilence(request, peer);
  return {
    address: address ?? readClientAddress(peer) ?? ip,
    userAgent: headers['user-agent'] && printable(headers['user-agent'].slice(0, USER_AGENT_MAX_LENGTH)),
    proxied: raw.httpVersion === '1.0' || Object.keys(headers).some(isProxyHeader),
  };
}

function warnOfSilence({ log, server: { silentProxies } }: FastifyRequest, proxy: string): void {
  if (silentProxies.has(proxy) || silentProxies.size >= MOST_WARNINGS) return;
  silentProxies.add(proxy);
  log.warn(
    { event: 'proxy_names_no_client', address: proxy },
    'AUTHSVC_TRUSTED_PROXIES lists this proxy, and its X-Forwarded-For holds no IP address: all its clients count as one; have it send the address that it sees',
  );
}

function isProxyHeader(name: string): boolean {
  return PROXY_HEADERS.test(name);
}
