import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { notMe } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../../http/proxies.ts';
import { texts } from '../../texts/texts.ts';
import { addFormPage, type Filled, field, formCard } from '../form.ts';
import { leadTo, type View } from '../layout.ts';
import type { Site } from '../site.ts';
import { readTokenLink, textOf } from './token-form.ts';

/** `/not-me`: what the link of a notice shows, and does once its button is pressed. */
export function addNotMePage(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'notMe'>>(server, site, {
    path: '/not-me',
    schema: endpoints.notMe.body,
    fieldOf: { invalid_not_me_token: 'token' },
    view: (request, filled) => {
      const { locked } = request.query as Readonly<Record<string, unknown>>;
      return locked === undefined ? askView(request, filled) : lockedView(site);
    },
    submit: async (request, reply) => {
      await notMe(site.ports, { ...request.body, client: requesterOf(request) });
      return leadTo(reply, 'not-me?locked');
    },
  });
}

function askView(request: FastifyRequest, filled: Filled): View {
  const done = [texts.pages.notMe.sessions, texts.pages.notMe.email, texts.pages.notMe.factor, texts.pages.notMe.lock];
  return {
    title: texts.pages.notMe.title,
    hasSecretAddress: true,
    content: formCard(filled, {
      title: texts.pages.notMe.title,
      lead: texts.pages.notMe.lead,
      above: html`<ul class="will">${done.map((one) => html`<li>${one}</li>`)}</ul>`,
      action: 'not-me',
      fields: [tokenField(request, filled)],
      submit: texts.pages.notMe.submit,
      isDangerous: true,
      links: [html`${texts.pages.notMe.itWasMe}`],
    }),
  };
}

/** Hidden as a link brought it, or as it was sent; shown where there is none, or it is at fault. */
function tokenField(request: FastifyRequest, filled: Filled): SafeHtml {
  const sent = filled.problems.fields.token === undefined ? textOf(filled.typed.token) : undefined;
  const token = readTokenLink(request)?.token ?? sent;
  if (token !== undefined) return html`<input type="hidden" name="token" value="${token}">`;
  return field(filled, {
    name: 'token',
    label: texts.pages.fields.token,
    type: 'text',
    autocomplete: 'one-time-code',
    hint: texts.pages.hints.token,
    isFirst: true,
  });
}

function lockedView({ ports }: Site): View {
  const isMailed = ports.policy.resetDelivery === 'smtp';
  return {
    title: texts.pages.locked.title,
    content: html`<div class="card">
<h1>${texts.pages.locked.title}</h1>
<p class="lead">${isMailed ? texts.pages.locked.lead.smtp : texts.pages.locked.lead.operator}</p>
${isMailed ? html`<p><a href="reset">${texts.pages.locked.reset}</a></p>` : undefined}
</div>`,
  };
}
