import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { register } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { texts } from '../texts/texts.ts';
import { addFormPage, emailField, type Filled, formCard, linkTo, newPasswordField } from './form.ts';
import type { View } from './layout.ts';
import { logInAndLead } from './login.ts';
import type { Site } from './site.ts';

/** `/register`; a new account is logged in to at once. */
export function addRegisterPage(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'register'>>(server, site, {
    path: '/register',
    schema: endpoints.register.body,
    view: (request, filled) => registerView(site, request, filled),
    submit: async (request, reply) => {
      const { email, password } = request.body;
      await register(site.ports, { email, password, client: requesterOf(request) });
      return await logInAndLead(site, request, reply, request.body);
    },
  });
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
