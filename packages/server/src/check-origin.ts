import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import type { OwnNames } from './own-names.ts';

const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** The browser says that we sent the page, or that no page did. */
const OWN_SITES: ReadonlySet<unknown> = new Set(['same-origin', 'none']);

/**
 * Keeps other sites' pages from changing anything in a visitor's name. What says nothing of where it comes from is no browser, and passes.
 *
 * @throws HttpError `cross_origin`.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function checkOrigin({ method, headers }: IncomingMessage, names: OwnNames): void {
  if (SAFE_METHODS.has(method)) return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined && !names.isOwnOrigin(origin)) throw crossOrigin();
  if (site !== undefined && !OWN_SITES.has(site)) throw crossOrigin();
}

function crossOrigin(): HttpError {
  return new HttpError('cross_origin', 'a page of another origin may change nothing here');
}
