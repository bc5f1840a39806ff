/** Where the pages for people lie, if there are any; known once the service listens. */
export type FindPages = () => URL | undefined;

/** The address of the page where a reset token is used. */
export function linkToReset(pages: URL, email: string, token: string): string {
  return linkTo(pages, '/reset', { email, token });
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
