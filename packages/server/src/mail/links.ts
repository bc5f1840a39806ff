import type { Mail, NoticeMail } from '@authsvc/core';

/** Where the pages for people lie, if there are any; known once the service listens. */
export type FindPages = () => URL | undefined;

export type TokenMail = Extract<Mail, { token: string }>;

/** A mail whose token is used together with the address that it went to. */
export type AddressedMail = Exclude<TokenMail, NoticeMail>;

/** The page where a token of each kind is used, and what its link says beside. */
const pageOf = {
  reset: ['/reset', {}],
  registration: ['/verify', {}],
  // The form then asks for the password of the account, and not for a new one.
  email_change: ['/verify', { for: 'email_change' }],
  invitation: ['/invitation', {}],
} as const satisfies Record<AddressedMail['kind'], readonly [string, object]>;

/** The address of the page where a token is used. */
export function linkToToken(pages: URL, { kind, to, token }: Pick<AddressedMail, 'kind' | 'to' | 'token'>): string {
  const [path, query] = pageOf[kind];
  return linkTo(pages, path, { email: to, token, ...query });
}

/** The address of the page where an owner says “not me”. It names no account. */
export function linkToNotMe(pages: URL, { token }: Pick<NoticeMail, 'token'>): string {
  return linkTo(pages, '/not-me', { token });
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
