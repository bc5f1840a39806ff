import { isLoopbackHost, readPlainUrl } from './network-settings.ts';
import { quote, SettingProblem } from './setting.ts';

const NAME_MAX_CHARACTERS = 60;
/** Line breaks, and what a terminal or a mail program would act on or hide. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Our own pages, none, or the address of the application's. */
export type Pages = 'on' | 'off' | URL;

/** Reads who shows pages to people. Mails carry tokens to that address, so it is https. */
export function readPages(text: string): Pages {
  if (text === 'on' || text === 'off') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url === undefined || !isSafe) {
    throw new SettingProblem(
      'must be on, off, or the https address of your own pages, such as https://app.example.com/account (http on loopback)',
    );
  }
  return readPlainUrl(text, url);
}

/**
 * Finds where pages lie: at the application's own address, or at ours.
 *
 * @param ownUrl ours where there is no public URL, such as `http://127.0.0.1:4100`: only this
 * machine reaches it.
 * @returns `undefined` where there are no pages.
 */
export function findPagesUrl(
  { pages = 'on', publicUrl }: { readonly pages?: Pages | undefined; readonly publicUrl?: URL | undefined },
  ownUrl: string,
): URL | undefined {
  if (pages === 'off') return undefined;
  return pages === 'on' ? (publicUrl ?? new URL(ownUrl)) : pages;
}

/** Reads the name of the product, as people know it. */
export function readProductName(text: string): string {
  const name = text.trim();
  const length = [...name].length;
  if (length > 0 && length <= NAME_MAX_CHARACTERS && !UNPRINTABLE.test(name)) return name;
  throw new SettingProblem(
    `must be 1 to ${NAME_MAX_CHARACTERS} characters in one line, without control characters, not ${quote(text)}`,
  );
}

/** Reads a colour. */
export function readAccentColor(text: string): string {
  if (/^#[\da-f]{6}$/i.test(text)) return text.toLowerCase();
  throw new SettingProblem(`must be a colour such as #1f6feb, # and six hexadecimal digits, not ${quote(text)}`);
}
