import { endpoints } from '@authsvc/client/contract';
import { type ActiveSession, endOtherSessions, endSession, type Session } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, RouteShorthandOptions } from 'fastify';
import { readDeviceCookie } from '../http/device-cookie.ts';
import { requesterOf } from '../http/proxies.ts';
import { clearSessionCookie } from '../http/session-cookie.ts';
import { texts } from '../texts/texts.ts';
import { browserInWords } from './browsers.ts';
import { linkTo } from './form.ts';
import { leadTo } from './layout.ts';
import { withNotice } from './notices.ts';
import { renderProblem } from './problem-page.ts';
import type { ReturnTo } from './return-to.ts';
import type { Site } from './site.ts';
import { admitVisitor, getVisitor, refuseStranger } from './visitor.ts';

/** More would make the page long, and can be ended all at once. */
const MOST_LISTED = 15;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface ListedSessions {
  readonly current: ActiveSession;
  /** The one used last comes first. */
  readonly sessions: readonly Session[];
}

/** What `/account` can do with sessions: end one, or all others. */
export function addAccountSessions(server: FastifyInstance, site: Site): void {
  const { ports } = site;
  const refuse = refuseStranger(site, 'account', '../');
  const back = { root: '../', href: '../account', text: texts.pages.account.back } as const;
  const route = {
    preValidation: admitVisitor(site),
    config: { refusalPage: (refused) => refuse(refused) ?? renderProblem(site, refused, back) },
  } satisfies RouteShorthandOptions;

  server.post<{ Body: { id: string } }>(
    '/account/end-session',
    { ...route, schema: { body: endpoints.endSession.params } },
    async (request, reply) => {
      const session = getVisitor(request);
      const ended = await endSession(ports, { session, client: requesterOf(request) }, request.body.id);
      if (ended.id !== session.id)
        return leadTo(reply, withNotice('../account', 'session-ended', site.readReturnTo(request.query)));
      clearSessionCookie(reply);
      return leadTo(reply, withNotice('../login', 'logged-out', site.readReturnTo(request.query)));
    },
  );

  server.post('/account/end-other-sessions', route, async (request, reply) => {
    const from = { client: requesterOf(request), deviceToken: readDeviceCookie(request) };
    await endOtherSessions(ports, { session: getVisitor(request), ...from });
    return leadTo(reply, withNotice('../account', 'others-ended', site.readReturnTo(request.query)));
  });
}

export function sessionList(site: Site, listed: ListedSessions, returnTo: ReturnTo | undefined): SafeHtml {
  const { sessions } = listed;
  const more = sessions.length - MOST_LISTED;
  return html`<div class="card">
<h2>${texts.pages.account.sessions}</h2>
<ul class="rows">
${sessions.slice(0, MOST_LISTED).map((session) => sessionRow(site, session, listed.current, returnTo))}
${more > 0 ? html`<li><p>${texts.pages.account.more(more)}</p></li>` : undefined}
</ul>
${
  sessions.length > 1
    ? html`<form class="after" method="post" action="${linkTo('account/end-other-sessions', returnTo)}"><button class="quiet">${texts.pages.account.endOthers}</button></form>`
    : undefined
}
</div>`;
}

function sessionRow(
  site: Site,
  { id, userAgent, address, lastUsedAt }: Session,
  current: ActiveSession,
  returnTo: ReturnTo | undefined,
): SafeHtml {
  const browser = browserInWords(userAgent);
  const isCurrent = id === current.id;
  const used = texts.pages.account.used(address, ago(site, lastUsedAt));
  return html`<li><div><h3>${browser}${isCurrent ? html` <span class="here">${texts.pages.account.thisSession}</span>` : undefined}</h3><p>${used}</p></div>${
    isCurrent
      ? undefined
      : html`<form method="post" action="${linkTo('account/end-session', returnTo)}"><input type="hidden" name="id" value="${id}"><button class="quiet" aria-label="${texts.pages.account.endSession(browser, used)}">${texts.pages.account.end}</button></form>`
  }</li>`;
}

/** How long ago something was, in words. */
export function ago({ ports }: Site, timeMs: number): string {
  const ms = ports.clock.now() - timeMs;
  const inWords = new Intl.RelativeTimeFormat(texts.language, { numeric: 'auto' });
  if (ms < 2 * MINUTE_MS) return texts.pages.account.justNow;
  if (ms < HOUR_MS) return inWords.format(-Math.floor(ms / MINUTE_MS), 'minute');
  if (ms < DAY_MS) return inWords.format(-Math.floor(ms / HOUR_MS), 'hour');
  return inWords.format(-Math.floor(ms / DAY_MS), 'day');
}
