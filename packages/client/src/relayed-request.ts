import { AuthsvcError } from './errors.ts';
import { isTokenText } from './session-cookie.ts';

/** Headers of a request: a web `Headers`, or a record, as Node has it. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What an application was sent: a request of Node, Express or Fastify, or a web `Request`. */
export interface RelayedRequest {
  readonly method?: string | undefined;
  /** An address, or its path. */
  readonly url?: string | undefined;
  readonly headers: RequestHeaders;
  readonly socket?: Peer | null | undefined;
}

/** The connection of a request, as Node has it. */
interface Peer {
  /** Left out for a Unix socket, and once the connection has closed. */
  readonly remoteAddress?: string | undefined;
  readonly destroyed?: boolean | undefined;
}

/** What the application knows of a request that the request itself does not say. */
export interface RelayOptions {
  /** The client's or proxy's IP address, for a request without a socket: a web `Request`. */
  readonly peer?: string | undefined;
}

const PASSED_ON = ['origin', 'sec-fetch-site', 'user-agent'];
/** As Node has it, which adds the interface to an address that is local to a link. */
const IP_ADDRESS = /^[\da-f.:]+(%\w+)?$/i;

/**
 * The headers with which a backend speaks to the service for a browser: the service's own cookies
 * and no other, who asks, and from which page.
 *
 * `Origin` and `Sec-Fetch-Site` are passed on as they came, so that the service refuses a form that
 * another site made the browser send.
 */
export function relayedHeaders(
  request: RelayedRequest,
  cookieNames: readonly string[],
  { peer }: RelayOptions = {},
): Record<string, string> {
  if (peer !== undefined && !IP_ADDRESS.test(peer)) throw new TypeError(`peer is not one IP address: ${peer}`);
  const headers: Record<string, string> = {};
  const cookie = ownCookies(request, cookieNames);
  if (cookie) headers.cookie = cookie;
  // Appended, never replaced: the service believes as many hops as it trusts.
  const hops = [headerOf(request, 'x-forwarded-for'), peer ?? request.socket?.remoteAddress].filter(Boolean);
  if (hops.length > 0) headers['x-forwarded-for'] = hops.join(', ');
  for (const name of PASSED_ON) {
    const value = headerOf(request, name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/**
 * Check that the sender's address is known from the socket or from `peer`, not only from a header
 * that the sender can forge.
 *
 * @throws TypeError a request without a socket, and no `peer`
 * @throws {@link AuthsvcError} the client has gone, and its address with it
 */
export function assertPeer({ socket }: RelayedRequest, { peer }: RelayOptions = {}): void {
  if (peer !== undefined || socket?.remoteAddress !== undefined) return;
  if (!socket) throw new TypeError('the request does not say who sent it: pass { peer }, its IP address');
  if (socket.destroyed) throw new AuthsvcError('the client closed the connection before its form was relayed');
}

/** The `Cookie` header with the cookies of these names, all of them; empty without any. */
function ownCookies(request: RelayedRequest, cookieNames: readonly string[]): string {
  const pairs = (headerOf(request, 'cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs
    .filter((pair) =>
      cookieNames.some((name) => pair.startsWith(`${name}=`) && isTokenText(pair.slice(name.length + 1))),
    )
    .join('; ');
}

/**
 * One header, or several of one name joined as HTTP has it.
 *
 * @param name in lower case; a record may have it in another
 */
export function headerOf({ headers }: RelayedRequest, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError('this is no request: it has no headers');
  }
  if (isWebHeaders(headers)) return headers.get(name) ?? undefined;
  const value = headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'object' ? value.join(name === 'cookie' ? '; ' : ', ') : value;
}

function isWebHeaders(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function';
}

/** The host that was asked for: HTTP/2 has no `Host`, and a web `Request` need not have one. */
export function hostOf(request: RelayedRequest): string | undefined {
  const { url = '' } = request;
  const host = headerOf(request, 'host') ?? authorityOf(request);
  if (host !== undefined) return host.toLowerCase();
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function authorityOf({ headers }: RelayedRequest): string | undefined {
  const { ':authority': authority } = headers as { readonly ':authority'?: unknown };
  return typeof authority === 'string' ? authority : undefined;
}
