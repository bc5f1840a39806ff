/** What `Set-Cookie` says about a new session. */
export interface IssuedCookie {
  readonly token: string;
  /** The name of the cookie: the server knows its sessions by no other. */
  readonly cookie: string;
  /** Seconds until it ends for good; left out when the server does not say. */
  readonly lifetimeSeconds?: number | undefined;
}

const SESSION_COOKIE_NAMES = ['session_id', '__Host-session_id'];
const DEVICE_COOKIE_NAMES = ['authsvc_device', '__Host-authsvc_device'];
const OWN_COOKIE = /^((?:__Host-)?(?:session_id|authsvc_device))=([\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+)(?:;|$)/;

/** Finds the session among the `Set-Cookie` headers of a login. */
export function readSessionCookie(headers: readonly string[]): IssuedCookie | undefined {
  return readCookie(headers, SESSION_COOKIE_NAMES);
}

/** Finds the token by which the account knows this browser from a login on. */
export function readDeviceToken(headers: readonly string[]): string | undefined {
  return readCookie(headers, DEVICE_COOKIE_NAMES)?.token;
}

function readCookie(headers: readonly string[], names: readonly string[]): IssuedCookie | undefined {
  for (const header of headers) {
    const [, cookie, token] = OWN_COOKIE.exec(header) ?? [];
    if (cookie === undefined || token === undefined || !names.includes(cookie)) continue;
    const lifetime = /;\s*max-age=(\d+)/i.exec(header)?.[1];
    return { cookie, token, lifetimeSeconds: lifetime === undefined ? undefined : Number.parseInt(lifetime, 10) };
  }
  return undefined;
}

/**
 * Writes the `Cookie` header of a session. If the cookie's name is not known, the token is sent
 * under both names, since a service reads only the name that it issues. The address does not show
 * which: even a daemon with an https public URL is reached over plain http on its own machine.
 */
export function cookieHeader(token: string, name?: IssuedCookie['cookie']): string {
  return (name === undefined ? SESSION_COOKIE_NAMES : [name]).map((one) => `${one}=${token}`).join('; ');
}

/** Writes the `Cookie` header of a device token, under both names: a service reads its own. */
export function deviceCookieHeader(token: string): string {
  return DEVICE_COOKIE_NAMES.map((one) => `${one}=${token}`).join('; ');
}

/** Whether a text can be sent as a session token at all: the characters that a cookie may hold. */
export function isTokenText(value: string): boolean {
  return OWN_COOKIE.test(`session_id=${value}`) && !value.includes(';');
}
