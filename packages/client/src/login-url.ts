import { hostOf, type RelayedRequest } from './relayed-request.ts';

/** A host of the developer's own machine, on any port. */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
/** Names by which a developer's machine reaches the service. */
const SERVICE_NAMES = ['localhost', '127.0.0.1'];

export interface LoginUrlOptions {
  /** An origin, perhaps with a path, without a slash at the end. */
  readonly base: string;
  /** Whether `base` is what browsers see; otherwise this is a developer's machine. */
  readonly isPublic: boolean;
  readonly loginPage?: string | undefined;
}

export interface LoginUrls {
  /** The URL of the login page; with `returnTo`, it carries where to go after the login. */
  loginUrl(returnTo?: string): string;
  /**
   * The URL of the login page, with the requested page as `return_to`. On a developer's machine the
   * application has another port than the service; its `Host` header says which. The login is then
   * on the same host name as the application: a cookie of `localhost` is not sent to 127.0.0.1.
   *
   * @throws Error the login page itself was asked for
   */
  loginUrlFrom(request: PageRequest): string;
  /** The path to go on to after a login, from what a link said; never throws. */
  returnPath(returnTo: unknown, fallback?: string): string;
}

/**
 * A request of any framework. Express's routers strip their mount path from `url`, and keep it in
 * `originalUrl`.
 */
export type PageRequest = RelayedRequest & { readonly originalUrl?: string | undefined };

/**
 * Make the functions that build login URLs and read `return_to`.
 *
 * Addresses of other origins are refused, since they may be what a stranger put into a link. So are
 * paths such as `//host`, which browsers read as one.
 *
 * @throws TypeError `loginPage` is neither a path nor an http or https address
 */
export function createLoginUrls({ base, isPublic, loginPage = `${base}/login` }: LoginUrlOptions): LoginUrls {
  const { origin } = new URL(base);
  const isPath = loginPage.startsWith('/');
  if (!isPath && !isHttp(loginPage)) {
    throw new TypeError(`createAuthsvc: loginPage is neither a path nor an address: ${loginPage}`);
  }
  const isOwn = (url: URL) => url.origin === origin || (!isPublic && LOOPBACK_HOST.test(url.host));

  /** As browsers read it: an address, or a path from the root of the origin. */
  function parseReturn(returnTo: string): URL {
    const home = returnTo.startsWith('/') ? origin : undefined;
    const url = URL.canParse(returnTo, home) ? new URL(returnTo, home) : undefined;
    if (url && /^https?:$/.test(url.protocol) && isOwn(url)) return url;
    throw new TypeError('loginUrl: returnTo is neither a path nor an address of this origin');
  }

  function loginUrl(returnTo?: string, hostname?: string): string {
    const page = isPath ? new URL(origin + loginPage) : new URL(loginPage);
    if (hostname !== undefined && LOOPBACK_HOST.test(page.host)) page.hostname = hostname;
    if (returnTo !== undefined) {
      const url = parseReturn(returnTo);
      page.searchParams.set('return_to', isPath ? pathOf(url) : url.origin + pathOf(url));
    }
    return isPath ? page.pathname + page.search : page.href;
  }

  return {
    loginUrl: (returnTo) => loginUrl(returnTo),
    returnPath(returnTo, fallback = '/') {
      if (typeof returnTo !== 'string') return fallback;
      try {
        return pathOf(parseReturn(returnTo));
      } catch {
        return fallback;
      }
    },
    loginUrlFrom(request) {
      const { originalUrl = request.url ?? '' } = request;
      const path = originalUrl.startsWith('/') ? originalUrl : '/';
      if (isPath && path.split('?')[0] === loginPage.split('?')[0]) {
        throw new Error(`requireUser() guards the login page itself, ${loginPage}: no one could log in`);
      }
      const host = hostOf(request) ?? '';
      if (isPublic || !LOOPBACK_HOST.test(host)) return loginUrl(origin + path);
      const { origin: ownOrigin, hostname } = new URL(`http://${host}`);
      return loginUrl(ownOrigin + path, SERVICE_NAMES.includes(hostname) ? hostname : undefined);
    },
  };
}

/** With one slash at its start: two would make what follows a host. */
function pathOf({ pathname, search, hash }: URL): string {
  return pathname.replace(/^\/+/, '/') + search + hash;
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
