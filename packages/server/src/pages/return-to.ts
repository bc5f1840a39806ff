import type { TrustedOrigins } from '../http/origins.ts';

/** Where a person goes back to; checked. */
export interface ReturnTo {
  /** For `Location`: ASCII, and either a whole address or a path of this origin. */
  readonly location: string;
  /** Where its address names one. */
  readonly origin: string | undefined;
}

const MAX_LENGTH = 2048;
/** Parsers drop or change some of these, so that two of them would read two addresses. */
const REFUSED = /[\p{Cc}\p{Cf}\p{Z}\p{Cs}\\]/u;
/** What a path is parsed against; reserved, so that no one has it. */
const HERE = 'http://return-to.invalid';
/** Pages of ours that need a login, relative to `/login`. */
const OWN = [
  'account',
  'account/email',
  'account/password',
  'account/delete',
  'account/totp',
  'account/totp/code',
  'account/totp/disable',
  'account/recovery-codes',
] as const;
export type OwnPage = (typeof OWN)[number];

/**
 * Reads `return_to`: an address of the public URL's origin or of a trusted one, or a path of the
 * origin that the browser sees. Anything else leads nowhere.
 *
 * @param isNamed which origins people may be sent back to.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
 */
export function createReturnTo(
  publicUrl: URL | undefined,
  isNamed: TrustedOrigins,
): (query: unknown) => ReturnTo | undefined {
  return (query) => {
    const { return_to: text } = (query ?? {}) as { return_to?: unknown };
    if (typeof text !== 'string' || text.length > MAX_LENGTH || REFUSED.test(text)) return undefined;
    if (OWN.some((page) => page === text)) return { location: text, origin: undefined };
    if (/^\/(?!\/)/.test(text)) return ofPath(text, publicUrl);
    if (/^https?:\/\/(?!\/)/i.test(text)) return ofAddress(text, isNamed);
    return undefined;
  };
}

function ofPath(text: string, publicUrl: URL | undefined): ReturnTo | undefined {
  const url = parse(text, HERE);
  // Resolving dots can leave `//`, which a browser takes for the start of a host.
  if (url?.origin !== HERE || url.pathname.startsWith('//')) return undefined;
  const path = `${url.pathname}${url.search}${url.hash}`;
  if (publicUrl === undefined) return { location: path, origin: undefined };
  return { location: `${publicUrl.origin}${path}`, origin: publicUrl.origin };
}

function ofAddress(text: string, isNamed: TrustedOrigins): ReturnTo | undefined {
  const url = parse(text);
  if (!url || `${url.username}${url.password}` !== '' || /^[^/]*\/\/[^/?#]*@/.test(text)) return undefined;
  // A Content-Security-Policy cannot name an IPv6 address, so a form could not lead there.
  if (!isNamed(url.origin) || url.hostname.startsWith('[')) return undefined;
  return { location: url.href, origin: url.origin };
}

function parse(text: string, base?: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
