import { headerOf, hostOf, type RelayedRequest } from './relayed-request.ts';

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
  /** The URL of a page; with `returnTo`, it carries where to go after it. */
  loginUrl(returnTo?: string, request?: PageRequest): string;
  logoutUrl(returnTo?: string, request?: PageRequest): string;
  accountUrl(returnTo?: string, request?: PageRequest): string;
  /**
   * The URL of the login page, with the requested page as `return_to`.
   *
   * @throws Error the login page itself was asked for
   */
  loginUrlFrom(request: PageRequest): string;
  /** The same after a form, which was lost: back to the page that had it, or to the first one. */
  loginUrlAfterForm(request: PageRequest): string;
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

  /** As browsers read it: an address, or a path from the root of `home`. */
  function parseReturn(returnTo: string, home = origin): URL {
    const base = returnTo.startsWith('/') ? home : undefined;
    const url = URL.canParse(returnTo, base) ? new URL(returnTo, base) : undefined;
    if (url && /^https?:$/.test(url.protocol) && isOwn(url)) return url;
    throw new TypeError('returnTo is neither a path nor an address of this origin');
  }

  /**
   * On a developer's machine the application has another port than the service; its `Host` header
   * says which. A page is then on the same host name: a cookie of `localhost` is not sent to
   * 127.0.0.1.
   */
  function applicationOf(request: PageRequest | undefined) {
    const host = (request && hostOf(request)) ?? '';
    if (isPublic || !LOOPBACK_HOST.test(host)) return { home: origin };
    const { origin: home, hostname } = new URL(`http://${host}`);
    return { home, ...(SERVICE_NAMES.includes(hostname) && { hostname }) };
  }

  function pageUrl(page: string, returnTo?: string, request?: PageRequest): string {
    const isLocal = page.startsWith('/');
    const url = new URL(page, origin);
    const { home, hostname } = applicationOf(request);
    if (hostname !== undefined && LOOPBACK_HOST.test(url.host)) url.hostname = hostname;
    if (returnTo !== undefined) {
      if (!isPublic && !isLocal && !request && returnTo.startsWith('/')) {
        throw new TypeError('without a publicUrl, pass the request too: it says where the application is');
      }
      const back = parseReturn(returnTo, home);
      url.searchParams.set('return_to', isLocal ? pathOf(back) : back.origin + pathOf(back));
    }
    return isLocal ? url.pathname + url.search : url.href;
  }

  /** The page of the application that a form was on, if its request says so. */
  function pageOfForm(request: PageRequest): string | undefined {
    const referer = headerOf(request, 'referer');
    const url = referer !== undefined && URL.canParse(referer) ? new URL(referer) : undefined;
    return url?.origin === applicationOf(request).home ? pathOf(url) : undefined;
  }

  return {
    loginUrl: (returnTo, request) => pageUrl(loginPage, returnTo, request),
    logoutUrl: (returnTo, request) => pageUrl(`${base}/logout`, returnTo, request),
    accountUrl: (returnTo, request) => pageUrl(`${base}/account`, returnTo, request),
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
      return pageUrl(loginPage, applicationOf(request).home + path, request);
    },
    loginUrlAfterForm: (request) => pageUrl(loginPage, pageOfForm(request) ?? (isPath ? undefined : '/'), request),
  };
}

/** With one slash at its start: two would make what follows a host. */
function pathOf({ pathname, search, hash }: URL): string {
  return pathname.replace(/^\/+/, '/') + search + hash;
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
