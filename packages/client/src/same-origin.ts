import { AuthsvcError } from './errors.ts';
import { headerOf, hostOf, type RelayedRequest } from './relayed-request.ts';

/** A page of another origin made the browser send a request that changes something. */
export class CrossOriginError extends AuthsvcError {
  override readonly name = 'CrossOriginError';
  override readonly statusCode = 403;
}

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuse a state-changing request that a page of another origin made the browser send.
 *
 * The session cookie is `SameSite=Lax`, which lets forms of sibling subdomains through. A request
 * that does not say where it comes from is not a browser's, and passes.
 *
 * @param origin the application's own, as browsers see it; without it, that of the `Host` header
 * @throws {@link CrossOriginError}
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function assertSameOrigin(request: RelayedRequest, origin?: string): void {
  const site = headerOf(request, 'sec-fetch-site');
  const from = headerOf(request, 'origin');
  if (SAFE_METHODS.includes(request.method?.toUpperCase() ?? '')) return;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (from === undefined || isOwn(from, origin, request))) return;
  throw new CrossOriginError(`cross-origin request refused: it comes from ${from ?? `a ${site} page`}`);
}

function isOwn(from: string, origin: string | undefined, request: RelayedRequest): boolean {
  if (origin !== undefined) return from === origin;
  return URL.canParse(from) && new URL(from).host === hostOf(request);
}
