import { LOOPBACK_HOST, type OwnNames } from './own-names.ts';

/** Which pages may change things, call with credentials, and be returned to. */
export interface TrustedOrigins {
  /** @param origin as an `Origin` header says it. */
  includes(origin: string): boolean;
}

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
  names: OwnNames,
): TrustedOrigins {
  const listed = new Set(origins);
  if (publicUrl) listed.add(publicUrl.origin);
  return {
    includes: (origin) => {
      if (listed.has(origin)) return true;
      const url = URL.canParse(origin) ? new URL(origin) : undefined;
      if (url?.origin !== origin || !/^https?:$/.test(url.protocol) || !LOOPBACK_HOST.test(url.host)) return false;
      return publicUrl === undefined || names.isOwnOrigin(origin);
    },
  };
}
