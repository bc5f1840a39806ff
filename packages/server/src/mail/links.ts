import type { Config } from '../config/config.ts';

/**
 * Finds where pages lie: at the application's own address, or at ours. Without a public URL, that
 * is where we listen, which is then this machine alone.
 *
 * @param listeningUrl such as `http://127.0.0.1:4100`.
 * @returns `undefined` where there are no pages.
 */
export function findPagesUrl(
  { pages, publicUrl }: Pick<Config, 'pages' | 'publicUrl'>,
  listeningUrl: string,
): URL | undefined {
  if (pages === 'off') return undefined;
  return pages === 'on' ? (publicUrl ?? new URL(listeningUrl)) : pages;
}

/** The address of a page below `base`, with a query in which every value is percent-encoded. */
export function linkTo(base: URL, path: string, query: Readonly<Record<string, string>>): string {
  const fields = Object.entries(query).map(([name, value]) => `${name}=${encodeValue(value)}`);
  return `${base.href.replace(/\/$/, '')}${path}?${fields.join('&')}`;
}

/** Also what is allowed in a query, and at which a mail program may end a link. */
function encodeValue(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
