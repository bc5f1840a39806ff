import { endpoints } from '@authsvc/client/contract';
import { requestEmailVerification, verifyEmail } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requesterOf } from '../../http/proxies.ts';
import { texts } from '../../texts/texts.ts';
import { codeField } from '../factors/code-field.ts';
import { addFormPage, type Filled, field, formCard } from '../form.ts';
import { leadTo, type View } from '../layout.ts';
import { withNotice } from '../notices.ts';
import type { Site } from '../site.ts';
import { hasField, readBody, readTokenLink, type TokenLink, textOf, tokenFields } from './token-form.ts';

/** `/verify`: ask for the mail again; with a token, as a link brings it, prove the address. */
export function addVerifyPage(server: FastifyInstance, site: Site): void {
  addFormPage(server, site, {
    path: '/verify',
    view: (request, filled) => verifyView(site, request, filled),
    fieldOf: {
      invalid_verification_token: 'verification_token',
      invalid_credentials: 'password',
      // Only the owner's answer says that the account has a factor.
      second_factor_required: 'code',
    },
    submit: (request, reply) => (isProof(request) ? prove(site, request, reply) : ask(site, request, reply)),
    onResponse: async () => site.mailOwed(),
  });
}

const isProof = (request: FastifyRequest) => hasField(request, 'verification_token');

async function ask({ ports }: Site, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { email } = readBody(request, endpoints.requestEmailVerification.body);
  await requestEmailVerification(ports, { email, client: requesterOf(request) });
  return leadTo(reply, 'verify?asked');
}

async function prove({ ports }: Site, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = readBody(request, endpoints.verifyEmail.body);
  const { email, verification_token: verificationToken, password, code } = body;
  await verifyEmail(ports, { email, verificationToken, password, code, client: requesterOf(request) });
  // Not logged in: a link must not open a session in a browser that only happens to show it.
  return leadTo(reply, withNotice('login', 'email-verified', undefined));
}

function verifyView(site: Site, request: FastifyRequest, filled: Filled): View {
  const { email, asked, for: purpose } = request.query as Readonly<Record<string, unknown>>;
  const kind = purpose === 'email_change' ? 'change' : 'registration';
  if (isProof(request)) return proofView(site, filled, kind, undefined, asksForCode(request, filled));
  const link = readTokenLink(request);
  // A token that was typed may be of either kind.
  if (link) return proofView(site, filled, link.token === undefined ? 'either' : kind, link);
  if (asked !== undefined) return askedView();
  return site.ports.policy.emailVerification === 'off'
    ? proofView(site, filled, 'either', undefined)
    : askView(filled, textOf(email));
}

function askView(filled: Filled, email: string | undefined): View {
  return {
    title: texts.pages.askForVerification.title,
    content: formCard(filled, {
      title: texts.pages.askForVerification.title,
      lead: texts.pages.askForVerification.lead,
      action: 'verify',
      fields: [
        field(filled, {
          name: 'email',
          label: texts.pages.fields.email,
          type: 'email',
          autocomplete: 'username',
          value: email,
          isFirst: true,
        }),
      ],
      submit: texts.pages.askForVerification.submit,
      links: [
        html`<a href="verify?token">${texts.pages.verificationAsked.haveToken}</a>`,
        html`<a href="login">${texts.pages.verificationAsked.back}</a>`,
      ],
    }),
  };
}

function askedView(): View {
  return {
    title: texts.pages.verificationAsked.title,
    content: html`<div class="card">
<h1>${texts.pages.verificationAsked.title}</h1>
<p class="lead">${texts.pages.verificationAsked.lead}</p>
<p class="links"><a href="verify?token">${texts.pages.verificationAsked.haveToken}</a></p>
<p class="links"><a href="verify">${texts.pages.verificationAsked.again}</a></p>
<p class="links"><a href="login">${texts.pages.verificationAsked.back}</a></p>
</div>`,
  };
}

type Kind = keyof typeof texts.pages.verify;

/** From the second time on, for an account with a second factor. */
function asksForCode(request: FastifyRequest, { problems }: Filled): boolean {
  return problems.fields.code !== undefined || hasField(request, 'code');
}

function proofView(site: Site, filled: Filled, kind: Kind, link: TokenLink | undefined, withCode = false): View {
  const { title, lead, submit } = texts.pages.verify[kind];
  const { minLength } = site.ports.policy.password;
  const password =
    kind === 'registration'
      ? ({ autocomplete: 'new-password', hint: texts.pages.hints.newPassword(minLength) } as const)
      : ({ autocomplete: 'current-password' } as const);
  return {
    title,
    hasSecretAddress: true,
    content: formCard(filled, {
      title,
      lead,
      action: kind === 'change' ? 'verify?for=email_change' : 'verify',
      fields: [
        ...tokenFields(
          filled,
          {
            tokenName: 'verification_token',
            password: { name: 'password', label: texts.pages.fields.password, ...password },
          },
          link,
        ),
        ...(withCode ? [codeField(filled)] : []),
      ],
      submit,
      links: kind === 'change' ? [] : [html`<a href="verify">${texts.pages.verificationAsked.again}</a>`],
    }),
  };
}
