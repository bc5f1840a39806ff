import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { register } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../../http/proxies.ts';
import { texts } from '../../texts/texts.ts';
import { addFormPage, type Filled, formCard } from '../form.ts';
import { leadTo, type View } from '../layout.ts';
import { withNotice } from '../notices.ts';
import { refuseIfClosed } from '../register.ts';
import type { Site } from '../site.ts';
import { readTokenLink, tokenFields } from './token-form.ts';

const { body } = endpoints.register;

/** `/invitation`: accept an invitation, and choose a password. */
export function addInvitationPage(server: FastifyInstance, site: Site): void {
  addFormPage<Required<BodyOf<'register'>>>(server, site, {
    path: '/invitation',
    schema: { ...body, required: Object.keys(body.properties) },
    ...refuseIfClosed(site, ['open', 'invited']),
    view: (request, filled) => invitationView(site, request, filled),
    fieldOf: { invalid_invitation_token: 'invitation_token' },
    submit: async (request, reply) => {
      const { email, password, invitation_token: invitationToken } = request.body;
      await register(site.ports, { email, password, invitationToken, client: requesterOf(request) });
      return leadTo(reply, withNotice('login', 'account-made', undefined));
    },
  });
}

function invitationView(site: Site, request: FastifyRequest, filled: Filled): View {
  // Once the form was sent, all can be corrected.
  const link = request.method === 'POST' ? undefined : readTokenLink(request);
  return {
    title: texts.pages.invitation.title,
    hasSecretAddress: true,
    content: formCard(filled, {
      title: texts.pages.invitation.title,
      lead: texts.pages.invitation.lead,
      action: 'invitation',
      fields: tokenFields(
        filled,
        {
          tokenName: 'invitation_token',
          password: {
            name: 'password',
            label: texts.pages.fields.password,
            autocomplete: 'new-password',
            hint: texts.pages.hints.newPassword(site.ports.policy.password.minLength),
          },
        },
        link,
      ),
      submit: texts.pages.invitation.submit,
      links: [html`${texts.pages.register.haveAccount} <a href="login">${texts.pages.register.logIn}</a>`],
    }),
  };
}
