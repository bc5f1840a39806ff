import { type Factors, FEW_RECOVERY_CODES } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import { texts } from '../../texts/texts.ts';
import { linkTo } from '../form.ts';
import type { ReturnTo } from '../return-to.ts';

/** What `/account` says of the second factor, and the ways to change it. */
export function factorRow({ totp, recoveryCodes }: Factors, returnTo: ReturnTo | undefined): SafeHtml {
  if (!totp) {
    return html`<li><div><h2>${texts.pages.account.factor.title}</h2><p>${texts.pages.account.factor.off}</p></div><a href="${linkTo('account/totp', returnTo)}" aria-label="${texts.pages.account.factor.turnOn.whole}">${texts.pages.account.factor.turnOn.short}</a></li>`;
  }
  const since = new Intl.DateTimeFormat(texts.language, { dateStyle: 'long', timeZone: 'UTC' }).format(totp.enabledAt);
  const isLow = recoveryCodes <= FEW_RECOVERY_CODES;
  return html`<li><div><h2>${texts.pages.account.factor.title}</h2><p>${texts.pages.account.factor.on(since)}</p></div><a href="${linkTo('account/totp/disable', returnTo)}" aria-label="${texts.pages.account.factor.turnOff.whole}">${texts.pages.account.factor.turnOff.short}</a></li>
<li><div><h2>${texts.pages.recoveryCodes.title}</h2><p${isLow ? html` class="low"` : ''}>${isLow ? texts.pages.account.factor.few(recoveryCodes) : texts.pages.account.factor.left(recoveryCodes)}</p></div><a href="${linkTo('account/recovery-codes', returnTo)}" aria-label="${texts.pages.account.factor.renew.whole}">${texts.pages.account.factor.renew.short}</a></li>`;
}
