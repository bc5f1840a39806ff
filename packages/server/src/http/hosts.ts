import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AuthError, unmapAddress } from '@authsvc/core';
import { HttpError } from './errors.ts';

/**
 * The names that clients may use for the service: the host of the public URL, and those of this
 * machine. With a public URL, a name of this machine needs the port that the service listens on;
 * without one, it may have any port, since a development server in between has its own.
 */
export interface OwnHosts {
  /**
   * Whether a Host header, or the authority of a whole URL, is ours. So is the address at which the
   * connection arrived, with the port that the service listens on.
   */
  isOwnHost(host: string, socket?: Pick<Socket, 'localAddress'>): boolean;
  /** Whether an Origin header names a page that we served. */
  isOwnOrigin(origin: string): boolean;
  /** Sets the port that the service listens on. */
  listensOn(port: number): void;
}

/** This machine in a Host header: an address of loopback or localhost, with or without a port. */
export const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
/** What some clients call a server that listens on every address. */
const ANY_ADDRESS = /^(?:0\.0\.0\.0|\[::\])(?::\d{1,5})?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready']);

/**
 * Until `listensOn` is called, the port counts as 80, which is what a Host without a port means.
 *
 * @param allowedHosts further names, in lower case, that are ours with any port.
 */
export function createOwnHosts(publicUrl: URL | undefined, allowedHosts: readonly string[] = []): OwnHosts {
  const allowed = new Set(allowedHosts);
  const publicHosts = publicUrl ? hostsOf(publicUrl) : [];
  let ownPort = '80';
  // Nearly every request says one of these, to the letter.
  let usual = new Set(publicHosts);

  const hasOwnPort = (host: string) => (/:(\d{1,5})$/.exec(host)?.[1] ?? '80') === ownPort;
  const isOwnHost = (host: string, socket?: Pick<Socket, 'localAddress'>): boolean => {
    if (usual.has(host) || publicHosts.includes(host.toLowerCase())) return true;
    const name = nameOf(host);
    if (name === undefined) return false;
    if (!publicUrl && (LOOPBACK_HOST.test(host) || ANY_ADDRESS.test(host))) return true;
    if (allowed.has(name)) return true;
    if (!hasOwnPort(host)) return false;
    // DNS rebinding needs a name that its owner can point elsewhere; an address is safe from it.
    return LOOPBACK_HOST.test(host) || name.replace(/^\[|\]$/g, '') === unmapAddress(socket?.localAddress ?? '');
  };
  return {
    isOwnHost,
    isOwnOrigin: (origin) => {
      if (origin === publicUrl?.origin) return true;
      const host = /^http:\/\/(.+)$/.exec(origin)?.[1] ?? '';
      return LOOPBACK_HOST.test(host) && hasOwnPort(host);
    },
    listensOn: (port) => {
      ownPort = String(port);
      usual = new Set([...publicHosts, `127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
    },
  };
}

/** The name in a Host header, in lower case; undefined if no browser would write it like this. */
function nameOf(host: string): string | undefined {
  const lower = host.toLowerCase();
  if (!URL.canParse(`http://${lower}`)) return undefined;
  const { host: written, hostname } = new URL(`http://${lower}`);
  return lower === written || lower === `${hostname}:80` ? hostname : undefined;
}

/** With its port and, since proxies leave it out, without. */
function hostsOf({ hostname, protocol, port }: URL): string[] {
  return [hostname, `${hostname}:${port || DEFAULT_PORTS[protocol]}`];
}

/**
 * Refuses requests for any host but our own, so that DNS rebinding gives a web page nothing.
 *
 * @throws HttpError `misdirected_request`; AuthError `invalid_request`: no Host, or more than one.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function checkHost({ headers, rawHeaders, url = '', socket }: IncomingMessage, hosts: OwnHosts): void {
  const { host } = headers;
  if (host === undefined || hasManyHosts(rawHeaders)) {
    throw new AuthError('invalid_request', { message: 'a request has one Host header' });
  }
  // Probes of containers and load balancers do not know our name.
  if (PROBES.has(url)) return;
  if (!hosts.isOwnHost(host, socket)) throw misdirected();
  // A request with a whole URL, as proxies get them, is for the host in that URL.
  const authority = url.startsWith('/') ? undefined : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (authority !== undefined && !hosts.isOwnHost(authority, socket)) throw misdirected();
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

/**
 * Removes the path of the public URL from a request's target, once and only as whole segments: a
 * proxy may strip it or not.
 *
 * @param publicUrl as the setting has it; without a path, or without a URL, there is nothing to
 * take off.
 */
export function createMountPath(publicUrl: URL | undefined): ((target: string) => string) | undefined {
  const path = publicUrl?.pathname ?? '/';
  if (path === '/') return undefined;
  return (target) => {
    // A target may be a whole URL, as in requests to a proxy.
    const start = target.startsWith('/') ? 0 : (/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0);
    if (!target.startsWith(path, start)) return target;
    const rest = target.slice(start + path.length);
    if (rest !== '' && !/^[/?]/.test(rest)) return target;
    return `${target.slice(0, start)}${rest.startsWith('/') ? '' : '/'}${rest}`;
  };
}
