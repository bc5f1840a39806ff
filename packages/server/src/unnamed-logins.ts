import type { FastifyRequest } from 'fastify';
import { includesAddress } from './network-settings.ts';

const WINDOW_MS = 60_000;
/** As many people rarely log in from one machine within a minute. */
const MANY_EMAILS = 10;
const MAX_PEERS = 100;

/**
 * Warns once for each trusted address that logs many people in without `X-Forwarded-For`: they all
 * share its limits.
 *
 * @param trustedProxies addresses and networks whose header would be believed.
 */
export function createUnnamedLoginWatch(
  trustedProxies: readonly string[],
): (request: FastifyRequest, email: string) => void {
  const isTrusted = includesAddress(trustedProxies);
  const peers = new Map<string, { readonly until: number; readonly emails: Set<string>; warned: boolean }>();
  return ({ raw, headers, log }, email) => {
    const peer = raw.socket.remoteAddress ?? '';
    if (headers['x-forwarded-for'] !== undefined || !isTrusted(peer)) return;
    const now = performance.now();
    let seen = peers.get(peer);
    if (seen?.warned) return;
    if (!seen || now > seen.until) {
      if (peers.size >= MAX_PEERS) peers.clear();
      seen = { until: now + WINDOW_MS, emails: new Set(), warned: false };
      peers.set(peer, seen);
    }
    seen.emails.add(email.toLowerCase());
    if (seen.emails.size < MANY_EMAILS) return;
    seen.warned = true;
    seen.emails.clear();
    log.warn(
      { event: 'logins_without_forwarded_for', peer },
      `${MANY_EMAILS} people logged in from ${peer} within a minute without X-Forwarded-For, so that they share its limits: let the proxy or backend there pass on the address of its client`,
    );
  };
}
