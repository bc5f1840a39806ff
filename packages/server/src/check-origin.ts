import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import type { TrustedOrigins } from './trusted-origins.ts';

const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps other pages from changing anything in a visitor's name. What says nothing of where it comes
 * from is no browser, and passes.
 *
 * `Origin: null` with `Sec-Fetch-Site: same-origin` passes: forms of pages with
 * `Referrer-Policy: no-referrer` send it.
 *
 * @throws HttpError `cross_origin`, saying why.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function checkOrigin({ method, headers }: IncomingMessage, trusted: TrustedOrigins): void {
  if (SAFE_METHODS.has(method)) return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && (site === undefined || site === 'none' || site === 'same-origin')) return;
  if (site === 'same-origin' && origin === 'null') return;
  // First: no list makes a browser send the cookie there.
  if (site === 'cross-site') throw crossSite();
  if (origin === undefined || !trusted.includes(origin)) throw untrusted();
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
 * Whether a browser says that a page of another origin asks; another host or port counts where it
 * says no more than the page's origin.
 */
export function isFromOtherOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return false;
  if (site !== undefined && site !== 'none') return true;
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host?.toLowerCase());
}
