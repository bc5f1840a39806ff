import { endpoints } from '@authsvc/client/contract';
import { endDevice, type ListedDevice } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, RouteShorthandOptions } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { texts } from '../texts/texts.ts';
import { ago } from './account-sessions.ts';
import { browserInWords } from './browsers.ts';
import { linkTo } from './form.ts';
import { leadTo } from './layout.ts';
import { withNotice } from './notices.ts';
import { renderProblem } from './problem-page.ts';
import type { ReturnTo } from './return-to.ts';
import type { Site } from './site.ts';
import { admitVisitor, getVisitor, refuseStranger } from './visitor.ts';

/** What `/account` can do with known browsers: forget one. */
export function addAccountDevices(server: FastifyInstance, site: Site): void {
  const refuse = refuseStranger(site, 'account', '../');
  const back = { root: '../', href: '../account', text: texts.pages.account.back } as const;
  const route = {
    preValidation: admitVisitor(site),
    schema: { body: endpoints.endDevice.params },
    config: { refusalPage: (refused) => refuse(refused) ?? renderProblem(site, refused, back) },
  } satisfies RouteShorthandOptions;

  server.post<{ Body: { id: string } }>('/account/forget-device', route, async (request, reply) => {
    const actor = { session: getVisitor(request), client: requesterOf(request) };
    await endDevice(site.ports, actor, request.body.id);
    return leadTo(reply, withNotice('../account', 'device-forgotten', site.readReturnTo(request.query)));
  });
}

/** The browsers that are known to an account; nothing without any. */
export function deviceList(
  site: Site,
  devices: readonly ListedDevice[],
  returnTo: ReturnTo | undefined,
): SafeHtml | undefined {
  if (devices.length === 0) return undefined;
  return html`<div class="card">
<h2>${texts.pages.account.devices}</h2>
<p class="lead">${texts.pages.account.devicesLead}</p>
<ul class="rows">
${devices.map((device) => deviceRow(site, device, returnTo))}
</ul>
</div>`;
}

function deviceRow(
  site: Site,
  { id, userAgent, address, lastLoginAt, isCurrent }: ListedDevice,
  returnTo: ReturnTo | undefined,
): SafeHtml {
  const browser = browserInWords(userAgent);
  const used = texts.pages.account.loggedIn(address, ago(site, lastLoginAt));
  return html`<li><div><h3>${browser}${isCurrent ? html` <span class="here">${texts.pages.account.thisSession}</span>` : undefined}</h3><p>${used}</p></div><form method="post" action="${linkTo('account/forget-device', returnTo)}"><input type="hidden" name="id" value="${id}"><button class="quiet" aria-label="${texts.pages.account.forgetDevice(browser, used)}">${texts.pages.account.forget}</button></form></li>`;
}
