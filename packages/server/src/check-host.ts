import type { IncomingMessage } from 'node:http';
import { AuthError } from '@authsvc/core';
import { HttpError } from './http-error.ts';
import type { OwnNames } from './own-names.ts';

const PROBES: ReadonlySet<string> = new Set(['/health', '/ready']);

/**
 * Serves requests for our own names and no other, so that a web page whose name was made to point at this machine reads nothing.
 *
 * @throws HttpError `misdirected_request`; AuthError `invalid_request`: no Host, or more than one.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function checkHost({ headers, rawHeaders, url = '', socket }: IncomingMessage, names: OwnNames): void {
  const { host } = headers;
  if (host === undefined || hasManyHosts(rawHeaders)) {
    throw new AuthError('invalid_request', { message: 'a request has one Host header' });
  }
  // Probes of containers and load balancers know no name.
  if (PROBES.has(url)) return;
  if (!names.isOwnHost(host, socket)) throw misdirected();
  // A request for a whole URL, as proxies get them, is for the host in that URL, whatever Host says.
  const authority = url.startsWith('/') ? undefined : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (authority !== undefined && !names.isOwnHost(authority, socket)) throw misdirected();
}

/** Node keeps the first and says nothing. */
function hasManyHosts(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count > 1;
}

function misdirected(): HttpError {
  return new HttpError(
    'misdirected_request',
    'authsvc does not serve this host: set AUTHSVC_PUBLIC_URL, or add the name to AUTHSVC_ALLOWED_HOSTS',
  );
}
