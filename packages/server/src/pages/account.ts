import {
  type Factors,
  findPendingEmail,
  type ListedDevice,
  listDevices,
  listFactors,
  listSessions,
} from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readDeviceCookie } from '../http/device-cookie.ts';
import { texts } from '../texts/texts.ts';
import { deviceList } from './account-devices.ts';
import { type ListedSessions, sessionList } from './account-sessions.ts';
import { factorRow } from './factors/factor-row.ts';
import { linkTo } from './form.ts';
import { renderPage, type View } from './layout.ts';
import { noticeIn } from './notices.ts';
import { renderProblem } from './problem-page.ts';
import type { Site } from './site.ts';
import { admitVisitor, getVisitor, refuseStranger } from './visitor.ts';

/** `/account`: who is logged in, and where. */
export function addAccountPage(server: FastifyInstance, site: Site): void {
  const refuse = refuseStranger(site, 'account', '');
  const back = { root: '', href: 'account', text: texts.pages.account.back } as const;
  server.get(
    '/account',
    {
      preValidation: admitVisitor(site),
      config: { refusalPage: (refused) => refuse(refused) ?? renderProblem(site, refused, back) },
    },
    async (request, reply) => {
      const current = getVisitor(request);
      const sessions = await listSessions(site.ports, current);
      const pendingEmail = await findPendingEmail(site.ports, current);
      const factors = await listFactors(site.ports, current);
      const devices = await listDevices(site.ports, current, readDeviceCookie(request));
      const shown = { current, sessions, pendingEmail, factors, devices };
      return reply.send(renderPage(site, reply, accountView(site, request, shown)));
    },
  );
}

interface ShownAccount extends ListedSessions {
  /** The address to which the email changes once it is confirmed. */
  readonly pendingEmail: string | undefined;
  readonly factors: Factors;
  readonly devices: readonly ListedDevice[];
}

function accountView(site: Site, request: FastifyRequest, shown: ShownAccount): View {
  const { pendingEmail, factors, devices, ...listed } = shown;
  const notice = noticeIn(request);
  const returnTo = site.readReturnTo(request.query);
  return {
    title: texts.pages.account.title,
    isWide: true,
    returnTo,
    content: html`<div class="card">
${notice && html`<p class="note" role="status">${notice}</p>`}
<h1>${texts.pages.account.title}</h1>
<ul class="rows">
<li><div><h2>${texts.pages.fields.email}</h2><p>${listed.current.email}</p>${pendingEmail && html`<p>${texts.pages.account.pendingEmail(pendingEmail)}</p>`}</div><a href="${linkTo('account/email', returnTo)}" aria-label="${texts.pages.account.changeEmail}">${texts.pages.account.change}</a></li>
<li><div><h2>${texts.pages.fields.password}</h2><p>${texts.pages.account.hiddenPassword}</p></div><a href="${linkTo('account/password', returnTo)}" aria-label="${texts.pages.account.changePassword}">${texts.pages.account.change}</a></li>
${factorRow(factors, returnTo)}
</ul>
${returnTo && html`<p class="links"><a href="${returnTo.location}">${texts.pages.account.toApplication}</a></p>`}
</div>
${sessionList(site, listed, returnTo)}
${deviceList(site, devices, returnTo)}
<div class="card">
<h2>${texts.pages.account.leave}</h2>
<ul class="rows">
<li><div><p>${texts.pages.account.logOutHere}</p></div><form method="post" action="${linkTo('logout', returnTo)}"><button class="quiet">${texts.pages.logout.submit}</button></form></li>
<li><div><p>${texts.pages.account.deleteLead}</p></div><a href="${linkTo('account/delete', returnTo)}">${texts.pages.account.delete}</a></li>
</ul>
</div>`,
  };
}
