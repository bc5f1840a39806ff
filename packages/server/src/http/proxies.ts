import { isIP } from 'node:net';
import { type Requester, unmapAddress } from '@authsvc/core';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { includesAddress } from '../config/network-settings.ts';
import { printable } from '../log/log.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly proxies: ReturnType<typeof createProxies>;
  }
}

const USER_AGENT_MAX_LENGTH = 256;
/** Headers in which proxies name their client. Some, like many an nginx, send only `X-Real-IP`. */
const PROXY_HEADERS =
  /^(?:forwarded|via|x-(?:forwarded|original|rewrite)\b.*|(?:x-real|x-client|x-cluster-client|true-client|cf-connecting)-ip)$/;
/** Limited, since a whole network can be listed. */
const MOST_WARNINGS = 100;
const WINDOW_MS = 60_000;
/** More people than usually log in from one machine within a minute. */
const MANY_EMAILS = 10;
const MAX_PEERS = 100;

/**
 * The proxies in front of a server, and what it knows of them.
 *
 * @param trusted addresses and networks whose header is believed.
 */
export function createProxies(trusted: readonly string[], log: FastifyBaseLogger) {
  const isListed = includesAddress(trusted);
  const withoutClient = new Set<string>();
  const logins = new Map<string, { readonly until: number; readonly emails: Set<string>; warned: boolean }>();
  /** Whether the `X-Forwarded-For` that an address sends is believed. */
  const isTrusted = (address: string) => isListed(readClientAddress(address) ?? '');
  return {
    isTrusted,
    /** Warns once of a proxy whose header holds no IP address. */
    noteNoClient(proxy: string) {
      if (withoutClient.has(proxy) || withoutClient.size >= MOST_WARNINGS) return;
      withoutClient.add(proxy);
      log.warn(
        { event: 'proxy_names_no_client', address: proxy },
        'this proxy is trusted (AUTHSVC_TRUSTED_PROXIES, or by default on loopback), and its X-Forwarded-For holds no IP address: all its clients count as one; have it send the address that it sees',
      );
    },
    /**
     * Warns once of a trusted address that tries logins of many emails without `X-Forwarded-For`:
     * they all share its limits.
     */
    noteLogin({ raw, headers }: FastifyRequest, email: string) {
      const peer = raw.socket.remoteAddress ?? '';
      if (headers['x-forwarded-for'] !== undefined || !isTrusted(peer)) return;
      const now = performance.now();
      let seen = logins.get(peer);
      if (seen?.warned) return;
      if (!seen || now > seen.until) {
        if (logins.size >= MAX_PEERS) logins.clear();
        seen = { until: now + WINDOW_MS, emails: new Set(), warned: false };
        logins.set(peer, seen);
      }
      seen.emails.add(email.toLowerCase());
      if (seen.emails.size < MANY_EMAILS) return;
      seen.warned = true;
      seen.emails.clear();
      log.warn(
        { event: 'logins_without_forwarded_for', peer },
        `logins of ${MANY_EMAILS} emails came from ${peer} within a minute without X-Forwarded-For, so that they share its limits: let the proxy or backend there pass on the address of its client`,
      );
    },
  };
}

/**
 * Tells where a request came from, as events and sessions record it. Behind a trusted proxy, that
 * is what the proxy says.
 */
export function requesterOf(request: FastifyRequest): Requester {
  const { ip, headers, raw } = request;
  const address = readClientAddress(ip);
  const peer = raw.socket.remoteAddress;
  // Only a listed proxy's header can name a client by something that is not an address.
  if (address === undefined && peer !== undefined) request.server.proxies.noteNoClient(peer);
  return {
    address: address ?? readClientAddress(peer) ?? ip,
    userAgent: headers['user-agent'] && printable(headers['user-agent'].slice(0, USER_AGENT_MAX_LENGTH)),
    proxied: raw.httpVersion === '1.0' || Object.keys(headers).some((name) => PROXY_HEADERS.test(name)),
  };
}

/**
 * Reads an IP address as proxies write it: bare, with a port, in brackets, in quotes, as IPv4 in
 * IPv6, or with a zone, which has a meaning only on the proxy.
 *
 * @returns `undefined` for anything else, such as `unknown`.
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-6
 */
export function readClientAddress(text: string | undefined): string | undefined {
  const written =
    text
      ?.trim()
      .replace(/^"(.*)"$/, '$1')
      .trim() ?? '';
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::[\w.-]+)?|(\d+(?:\.\d+){3}):[\w.-]+)$/.exec(written) ?? [];
  const [address = ''] = (bracketed ?? dotted ?? written).split('%', 1);
  return isIP(address) === 0 ? undefined : unmapAddress(address);
}
