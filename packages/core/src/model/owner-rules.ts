import { removeFactor } from './factor-rules.ts';
import { dropOwed, voidTokens } from './pending.ts';
import { authenticate } from './rules.ts';
import {
  type Browser,
  endSessions,
  forgetBrowsers,
  type Issued,
  isGood,
  isRemembered,
  type Opened,
  refuse,
  type World,
} from './world.ts';

/** What keeps an account its owner's, as in `rules.ts`: links of notices, and known browsers. */

export function notMe(world: World, link: Issued | undefined) {
  const { account, since } = link ?? {};
  const isGoodLink = link?.purpose === 'not_me' && isGood(world, link);
  if (!isGoodLink || !account || since === undefined || account.disabledAt !== undefined) {
    return refuse('invalid_not_me_token');
  }
  link.isVoid = true;
  voidTokens(world, account);
  // The oldest link has the last word: no later one stays good, and none is still sent.
  for (const { token, at } of world.tokens.map((token) => ({ token, at: token.since ?? 0 }))) {
    if (token.account === account && token.purpose === 'not_me' && at > since) token.isVoid = true;
  }
  dropOwed(world, (mail) => mail.account === account && mail.since > since);
  endSessions(world, account);
  forgetBrowsers(world, account);
  account.knownSince.clear();
  if (account.factor && account.factor.codesSince >= since) account.factor.recoveryCodes = [];
  if (account.factor && account.factor.since >= since) removeFactor(world, account);
  const { mailbox, email } = link.to;
  if (mailbox !== account.mailbox) {
    world.accounts.delete(account.mailbox);
    world.accounts.set(mailbox, account);
    Object.assign(account, { mailbox, email, emailVerified: true });
  }
  account.lockedAt = world.now;
  world.hours.delete(`${mailbox.key} reset`);
}

/** The last used one first; of those used at the same time, the one that was known first. */
export function listBrowsers(world: World, session: Opened | undefined, current: Browser | undefined) {
  const { account } = authenticate(world, session);
  return world.browsers
    .filter((browser) => browser.account === account && isRemembered(world, browser))
    .map((browser) => {
      const { number, createdAt, lastLoginAt, client } = browser;
      const { address, userAgent } = client;
      return { number, createdAt, lastLoginAt, address, userAgent, isCurrent: browser === current };
    })
    .sort((one, other) => other.lastLoginAt - one.lastLoginAt || one.number - other.number);
}

export function forget(world: World, session: Opened | undefined, browser: Browser | undefined) {
  const { account } = authenticate(world, session);
  if (browser?.account !== account || browser.isForgotten) return refuse('not_found');
  browser.isForgotten = true;
}
