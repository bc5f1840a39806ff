import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { AuthError } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUnauthenticated } from '../http/session-cookie.ts';
import { closeSession, openSession } from '../routes/sessions.ts';
import { texts } from '../texts/texts.ts';
import { addFormPage, emailField, type Filled, field, formCard, linkTo } from './form.ts';
import { leadTo, type View } from './layout.ts';
import { noticeIn } from './notices.ts';
import type { Site } from './site.ts';
import { findVisitor, noticeVisitor } from './visitor.ts';

/** `/login` */
export function addLoginPage(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'logIn'>>(server, site, {
    path: '/login',
    schema: endpoints.logIn.body,
    preValidation: noticeVisitor(site),
    view: (request, filled) => loginView(site, request, filled),
    submit: (request, reply) => logInAndLead(site, request, reply, request.body),
  });
}

function loginView(site: Site, request: FastifyRequest, filled: Filled): View {
  const returnTo = site.readReturnTo(request.query);
  const visitor = findVisitor(request);
  const goOn =
    visitor &&
    html`${texts.pages.login.loggedInAs(visitor.email)} <a href="${returnTo?.location ?? 'account'}">${texts.pages.login.goOn}</a>`;
  return {
    title: texts.pages.login.title,
    returnTo,
    content: formCard(filled, {
      title: texts.pages.login.title,
      notice: goOn ?? noticeIn(request),
      action: linkTo('login', returnTo),
      fields: [
        emailField(filled, { isFirst: true }),
        field(filled, {
          name: 'password',
          label: texts.pages.fields.password,
          type: 'password',
          autocomplete: 'current-password',
        }),
      ],
      submit: texts.pages.login.submit,
      links: [
        html`<a href="${linkTo('reset', returnTo)}">${texts.pages.login.forgot}</a>`,
        ...(site.ports.policy.registration === 'open'
          ? [
              html`${texts.pages.login.noAccount} <a href="${linkTo('register', returnTo)}">${texts.pages.login.register}</a>`,
            ]
          : []),
      ],
    }),
  };
}

/** Logs in, ends the session that the browser brought, and leads to where its user wanted to be. */
export async function logInAndLead(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  credentials: BodyOf<'logIn'>,
): Promise<FastifyReply> {
  const outcome = await openSession(site.ports, request, reply, credentials);
  if (!('user' in outcome)) throw new AuthError('second_factor_required');
  await closeSession(site.ports, request).catch((error) => {
    if (!isUnauthenticated(error)) throw error;
  });
  return leadTo(reply, site.readReturnTo(request.query)?.location ?? 'account');
}
