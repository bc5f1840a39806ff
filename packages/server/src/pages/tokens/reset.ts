import { endpoints, type Static } from '@authsvc/client/contract';
import { resetPassword } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requesterOf } from '../../http/proxies.ts';
import { askForReset } from '../../routes/reset-password.ts';
import { texts } from '../../texts/texts.ts';
import { addFormPage, blank, emailField, type Filled, formCard, linkTo } from '../form.ts';
import { leadTo, renderPage, type View } from '../layout.ts';
import { withNotice } from '../notices.ts';
import type { ReturnTo } from '../return-to.ts';
import type { Site } from '../site.ts';
import { hasField, readBody, readTokenLink, type TokenLink, textOf, tokenFields } from './token-form.ts';

/** `/reset`: ask for a token; with one, as a mail's link brings it, choose a new password. */
export function addResetPage(server: FastifyInstance, site: Site): void {
  addFormPage(server, site, {
    path: '/reset',
    view: (request, filled) => resetView(site, request, filled),
    fieldOf: { invalid_reset_token: 'reset_token' },
    submit: (request, reply) =>
      isChoice(request)
        ? choose(site, request, reply, readBody(request, endpoints.resetPassword.body))
        : ask(site, request, reply, readBody(request, endpoints.requestPasswordReset.body)),
    onResponse: async () => site.mailOwed(),
  });
}

const isChoice = (request: FastifyRequest) => hasField(request, 'reset_token');

async function ask(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  { email }: { readonly email: string },
): Promise<FastifyReply> {
  const outcome = await askForReset(site.ports, request, email);
  const returnTo = site.readReturnTo(request.query);
  if (outcome.delivery !== 'response') return leadTo(reply, linkTo('reset?asked', returnTo));
  // Shown at once: an address is kept in the browser's history, and the token with it.
  const link = { email: outcome.email, token: outcome.resetToken };
  return reply.send(renderPage(site, reply, choiceView(site, blank, returnTo, link)));
}

async function choose(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Static<typeof endpoints.resetPassword.body>,
): Promise<FastifyReply> {
  const { email, reset_token: resetToken, new_password: newPassword } = body;
  await resetPassword(site.ports, { email, resetToken, newPassword, client: requesterOf(request) });
  return leadTo(reply, withNotice('login', 'password-reset', site.readReturnTo(request.query)));
}

function resetView(site: Site, request: FastifyRequest, filled: Filled): View {
  const { email, asked } = request.query as Readonly<Record<string, unknown>>;
  const returnTo = site.readReturnTo(request.query);
  if (isChoice(request)) return choiceView(site, filled, returnTo, undefined);
  const link = readTokenLink(request);
  if (link) return choiceView(site, filled, returnTo, link);
  return asked === undefined ? askView(site, filled, returnTo, textOf(email)) : askedView(site, returnTo);
}

function askView(site: Site, filled: Filled, returnTo: ReturnTo | undefined, email: string | undefined): View {
  return {
    title: texts.pages.askForReset.title,
    content: formCard(filled, {
      title: texts.pages.askForReset.title,
      lead: texts.pages.askForReset.lead[site.ports.policy.resetDelivery],
      action: linkTo('reset', returnTo),
      fields: [emailField(filled, { value: email, isFirst: true })],
      submit: texts.pages.askForReset.submit,
      links: [html`<a href="${linkTo('login', returnTo)}">${texts.pages.askForReset.back}</a>`],
    }),
  };
}

function askedView({ ports }: Site, returnTo: ReturnTo | undefined): View {
  const delivery = ports.policy.resetDelivery === 'operator' ? 'operator' : 'smtp';
  return {
    title: texts.pages.resetAsked.title[delivery],
    content: html`<div class="card">
<h1>${texts.pages.resetAsked.title[delivery]}</h1>
<p class="lead">${texts.pages.resetAsked.lead[delivery]}</p>
<p class="links"><a href="${linkTo('reset?token', returnTo)}">${texts.pages.resetAsked.haveToken}</a></p>
<p class="links"><a href="${linkTo('login', returnTo)}">${texts.pages.resetAsked.back}</a></p>
</div>`,
  };
}

function choiceView(site: Site, filled: Filled, returnTo: ReturnTo | undefined, link: TokenLink | undefined): View {
  return {
    title: texts.pages.chooseAfterReset.title,
    hasSecretAddress: true,
    content: formCard(filled, {
      title: texts.pages.chooseAfterReset.title,
      lead: texts.pages.chooseAfterReset.lead,
      action: linkTo('reset', returnTo),
      fields: tokenFields(
        filled,
        {
          tokenName: 'reset_token',
          password: {
            name: 'new_password',
            label: texts.pages.fields.newPassword,
            autocomplete: 'new-password',
            hint: texts.pages.hints.newPassword(site.ports.policy.password.minLength),
          },
        },
        link,
      ),
      submit: texts.pages.chooseAfterReset.submit,
      links: [html`<a href="${linkTo('reset', returnTo)}">${texts.pages.chooseAfterReset.again}</a>`],
    }),
  };
}
