import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';
import { LOOPBACK_HOST, type OwnHosts } from './hosts.ts';

const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
const PREFLIGHT_SECONDS = 600;

/**
 * Keeps other pages from changing anything in a visitor's name. A request that does not say where
 * it comes from is not a browser's, and passes.
 *
 * `Origin: null` with `Sec-Fetch-Site: same-origin` passes: forms of pages with
 * `Referrer-Policy: no-referrer` send it.
 *
 * @throws HttpError `cross_origin`, saying why.
 * @see https://owasp.org/www-community/attacks/csrf
 */
export function checkOrigin({ method, headers }: IncomingMessage, isTrusted: TrustedOrigins): void {
  if (SAFE_METHODS.has(method)) return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && (site === undefined || site === 'none' || site === 'same-origin')) return;
  if (site === 'same-origin' && origin === 'null') return;
  // Before the list: even a listed page of another site gets no cookie from the browser.
  if (site === 'cross-site') throw crossSite();
  if (origin === undefined || !isTrusted(origin)) throw untrusted();
}

function untrusted(): HttpError {
  return new HttpError(
    'cross_origin',
    "cross-origin request refused: add the page's origin to AUTHSVC_TRUSTED_ORIGINS",
  );
}

function crossSite(): HttpError {
  return new HttpError(
    'cross_origin',
    'cross-site request refused: browsers neither keep nor send the session cookie there; serve the page and authsvc under one site (localhost and 127.0.0.1 are two)',
  );
}

/**
 * Whether a browser says that the request is from a page of another origin. If it sends only
 * `Origin`, a host or port other than the `Host` header's counts as that.
 */
export function isFromOtherOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return false;
  if (site !== undefined && site !== 'none') return true;
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host?.toLowerCase());
}

/**
 * Whether the pages of an origin, as an `Origin` header names it, may send requests that change
 * something, and calls with credentials (CORS).
 */
export type TrustedOrigins = (origin: string) => boolean;

/**
 * The origin of the public URL, those of `AUTHSVC_TRUSTED_ORIGINS`, and pages served under our own
 * names.
 *
 * Without a public URL the service is a developer's: every loopback origin is trusted, with any
 * port, so that a development server works without a setting.
 */
export function createTrustedOrigins(
  publicUrl: URL | undefined,
  origins: readonly string[],
  hosts: OwnHosts,
): TrustedOrigins {
  const isNamed = createNamedOrigins(publicUrl, origins);
  return (origin) => isNamed(origin) || (isLoopbackOrigin(origin) && hosts.isOwnOrigin(origin));
}

/**
 * The origins to which people may be sent back: those that the settings name, or every loopback
 * origin if there is no public URL.
 */
export function createNamedOrigins(publicUrl: URL | undefined, origins: readonly string[]): TrustedOrigins {
  const listed = new Set(origins);
  if (publicUrl) listed.add(publicUrl.origin);
  return (origin) => listed.has(origin) || (publicUrl === undefined && isLoopbackOrigin(origin));
}

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url?.origin === origin && /^https?:$/.test(url.protocol) && LOOPBACK_HOST.test(url.host);
}

/**
 * Lets pages of trusted origins read answers and send credentials; to others nothing is said.
 *
 * @returns whether the request was a preflight, which has then been answered.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function applyCors(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  isTrusted: TrustedOrigins,
): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  reply.header('vary', 'Origin');
  if (!isTrusted(origin)) return false;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
  });
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  reply.headers({
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
    'access-control-allow-headers': 'Content-Type',
    'access-control-max-age': PREFLIGHT_SECONDS,
  });
  reply.code(204).send();
  return true;
}
