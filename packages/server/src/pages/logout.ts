import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clearSessionCookie, isUnauthenticated } from '../http/session-cookie.ts';
import { closeSession } from '../routes/sessions.ts';
import { texts } from '../texts/texts.ts';
import { addFormPage, type Filled, formCard, linkTo, summary } from './form.ts';
import { leadTo, type View } from './layout.ts';
import { withNotice } from './notices.ts';
import type { Site } from './site.ts';
import { findVisitor, noticeVisitor } from './visitor.ts';

/** `/logout`; without a session there is nothing to press. */
export function addLogoutPage(server: FastifyInstance, site: Site): void {
  addFormPage(server, site, {
    path: '/logout',
    preValidation: noticeVisitor(site),
    view: (request, filled) => logoutView(site, request, filled),
    submit: async (request, reply) => {
      await closeSession(site.ports, request).catch((error) => {
        // Another window was faster.
        if (!isUnauthenticated(error)) throw error;
      });
      clearSessionCookie(reply);
      return leadTo(reply, site.readReturnTo(request.query)?.location ?? withNotice('login', 'logged-out', undefined));
    },
  });
}

function logoutView(site: Site, request: FastifyRequest, filled: Filled): View {
  const returnTo = site.readReturnTo(request.query);
  const visitor = findVisitor(request);
  const content = visitor
    ? formCard(filled, {
        title: texts.pages.logout.title,
        lead: texts.pages.logout.question(visitor.email),
        action: linkTo('logout', returnTo),
        fields: [],
        submit: texts.pages.logout.submit,
        links: [html`<a href="${linkTo('account', returnTo)}">${texts.pages.logout.stay}</a>`],
      })
    : html`<div class="card">
<h1>${texts.pages.logout.title}</h1>
${summary(filled)}
<p class="lead">${texts.pages.logout.none}</p>
<p><a href="${linkTo('login', returnTo)}">${texts.pages.logout.logIn}</a></p>
</div>`;
  return { title: texts.pages.logout.title, returnTo, content };
}
