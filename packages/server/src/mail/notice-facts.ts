import type { NoticeMail } from '@authsvc/core';
import { browserInWords } from '../pages/browsers.ts';
import { texts } from '../texts/texts.ts';

/** When and from where a notice's event came, in words: never the user agent itself. */
export function factsOf({ at, address, userAgent }: NoticeMail): string[] {
  const time = new Intl.DateTimeFormat(texts.language, {
    dateStyle: 'long',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(at);
  const from = address === undefined ? [] : [texts.mails.notice.from(address, browserInWords(userAgent))];
  return [texts.mails.notice.at(time), ...from];
}
