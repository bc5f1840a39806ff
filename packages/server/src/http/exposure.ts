import type { CookieSerializeOptions } from '@fastify/cookie';
import type { Config } from '../config/config.ts';
import { createMountPath, createOwnNames, type OwnNames } from './hosts.ts';
import { createTrustedOrigins, type TrustedOrigins } from './origins.ts';

export type ExposureOptions = Partial<Pick<Config, 'publicUrl' | 'trustedOrigins' | 'allowedHosts'>>;

/** What follows from how clients reach the service; decided here and nowhere else. */
export interface Exposure {
  readonly names: OwnNames;
  readonly origins: TrustedOrigins;
  /** Takes the path of the public URL off a request's target; undefined where it has none. */
  readonly unmount: ((target: string) => string) | undefined;
  readonly cookie: { readonly name: string; readonly attributes: Readonly<CookieSerializeOptions> };
  /** Sent with every response, whatever it says. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

const YEAR_SECONDS = 31_536_000;

/** @see https://owasp.org/www-project-secure-headers/ and ASVS 5.0, 3.4 */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * With an https URL the session's cookie never travels in the clear, and the `__Host-` prefix keeps neighbouring hosts from planting one.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
 */
export function exposureOf({ publicUrl, trustedOrigins = [], allowedHosts = [] }: ExposureOptions): Exposure {
  const isHttps = publicUrl?.protocol === 'https:';
  const names = createOwnNames(publicUrl, allowedHosts);
  return {
    names,
    origins: createTrustedOrigins(publicUrl, trustedOrigins, names),
    unmount: createMountPath(publicUrl),
    cookie: {
      name: isHttps ? '__Host-session_id' : 'session_id',
      attributes: { path: '/', httpOnly: true, sameSite: 'lax', secure: isHttps },
    },
    headers: isHttps ? { ...HEADERS, 'strict-transport-security': `max-age=${YEAR_SECONDS}` } : HEADERS,
  };
}
