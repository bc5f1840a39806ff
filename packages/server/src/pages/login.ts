import { type BodyOf, endpoints, statusOf } from '@authsvc/client/contract';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUnauthenticated } from '../http/session-cookie.ts';
import { closeSession, openSession } from '../routes/sessions.ts';
import { texts } from '../texts/texts.ts';
import { codeView } from './factors/code-view.ts';
import { addFormPage, blank, emailField, type Filled, field, formCard, linkTo } from './form.ts';
import { leadTo, type Root, renderPage, type View } from './layout.ts';
import { noticeIn } from './notices.ts';
import type { Site } from './site.ts';
import { findVisitor, noticeVisitor } from './visitor.ts';

/** `/login` */
export function addLoginPage(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'logIn'>>(server, site, {
    path: '/login',
    schema: endpoints.logIn.body,
    onResponse: async () => site.mailOwed(),
    preValidation: noticeVisitor(site),
    view: (request, filled) => loginView(site, request, filled),
    submit: (request, reply) => logInAndLead(site, request, reply, request.body),
  });
}

/** @param root from the address that shows it to where `/login` is. */
export function loginView(site: Site, request: FastifyRequest, filled: Filled, root: Root = ''): View {
  const returnTo = site.readReturnTo(request.query);
  const visitor = findVisitor(request);
  const goOn =
    visitor &&
    html`${texts.pages.login.loggedInAs(visitor.email)} <a href="${returnTo?.location ?? 'account'}">${texts.pages.login.goOn}</a>`;
  return {
    title: texts.pages.login.title,
    root,
    returnTo,
    content: formCard(filled, {
      title: texts.pages.login.title,
      notice: goOn ?? noticeIn(request),
      action: linkTo(`${root}login`, returnTo),
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
        html`<a href="${linkTo(`${root}reset`, returnTo)}">${texts.pages.login.forgot}</a>`,
        ...(site.ports.policy.registration === 'open'
          ? [
              html`${texts.pages.login.noAccount} <a href="${linkTo(`${root}register`, returnTo)}">${texts.pages.login.register}</a>`,
            ]
          : []),
      ],
    }),
  };
}

/** Logs in and leads on, or asks for the code that the account needs. */
export async function logInAndLead(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  credentials: BodyOf<'logIn'>,
): Promise<FastifyReply> {
  const outcome = await openSession(site.ports, request, reply, credentials);
  if ('user' in outcome) return leadOn(site, request, reply, '');
  const view = codeView(site, request, blank, { token: outcome.secondFactorToken, root: '' });
  return reply.code(statusOf.second_factor_required).send(renderPage(site, reply, view));
}

/** Ends the session that the browser brought, and leads to where its user wanted to be. */
export async function leadOn(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  root: Root,
): Promise<FastifyReply> {
  await closeSession(site.ports, request).catch((error) => {
    if (!isUnauthenticated(error)) throw error;
  });
  const { location, origin } = site.readReturnTo(request.query) ?? { location: 'account', origin: undefined };
  // Pages of ours are named relative to `/login`.
  const isOwn = origin === undefined && !location.startsWith('/');
  return leadTo(reply, isOwn ? `${root}${location}` : location);
}
