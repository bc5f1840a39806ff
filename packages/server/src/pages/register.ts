import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { AuthError, type RegistrationPolicy, register } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { texts } from '../texts/texts.ts';
import { addFormPage, emailField, type Filled, type FormPage, formCard, linkTo, newPasswordField } from './form.ts';
import { leadTo, type View } from './layout.ts';
import { logInAndLead } from './login.ts';
import { renderProblem } from './problem-page.ts';
import type { Site } from './site.ts';

/** `/register`; a new account is logged in to at once, unless its address must be proven first. */
export function addRegisterPage(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'logIn'>>(server, site, {
    path: '/register',
    // Without the token of an invitation, which has a page of its own.
    schema: endpoints.logIn.body,
    ...refuseIfClosed(site, ['open']),
    onResponse: async () => site.mailOwed(),
    view: (request, filled) => registerView(site, request, filled),
    submit: async (request, reply) => {
      const { email, password } = request.body;
      const { user } = await register(site.ports, { email, password, client: requesterOf(request) });
      if (!user) return leadTo(reply, 'verify?asked');
      return await logInAndLead(site, request, reply, request.body);
    },
  });
}

/** Refuses a page before anything is looked at, unless people may come in this way. */
export function refuseIfClosed(
  site: Site,
  ways: readonly RegistrationPolicy[],
): Pick<FormPage<unknown>, 'preValidation' | 'refused'> {
  return {
    preValidation: async () => {
      if (!ways.includes(site.ports.policy.registration)) throw new AuthError('registration_closed');
    },
    refused: (refused) =>
      refused.refusal.body.code === 'registration_closed'
        ? renderProblem(site, refused, { root: '', href: 'login', text: texts.pages.problems.logIn })
        : undefined,
  };
}

function registerView(site: Site, request: FastifyRequest, filled: Filled): View {
  const returnTo = site.readReturnTo(request.query);
  return {
    title: texts.pages.register.title,
    returnTo,
    content: formCard(filled, {
      title: texts.pages.register.title,
      action: linkTo('register', returnTo),
      fields: [
        emailField(filled, { isFirst: true }),
        newPasswordField(site, filled, { name: 'password', label: texts.pages.fields.password }),
      ],
      submit: texts.pages.register.submit,
      links: [
        html`${texts.pages.register.haveAccount} <a href="${linkTo('login', returnTo)}">${texts.pages.register.logIn}</a>`,
      ],
    }),
  };
}
