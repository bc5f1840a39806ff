import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { beginTotp, disableTotp, findPendingTotp, otpauthUrl, renewRecoveryCodes } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RefusedPage } from '../../http/errors.ts';
import { requesterOf } from '../../http/proxies.ts';
import { enableAndRenew } from '../../routes/factors.ts';
import { texts } from '../../texts/texts.ts';
import { addFormPage, type Filled, type FormPage, field, formCard, linkTo, passwordField, username } from '../form.ts';
import { leadTo, type Root, renderPage, type View } from '../layout.ts';
import { withNotice } from '../notices.ts';
import type { OwnPage } from '../return-to.ts';
import type { Site } from '../site.ts';
import { getVisitor, refuseStranger } from '../visitor.ts';
import { admitOwner, codeField, hasFactor } from './code-field.ts';
import { qrCode } from './qr-code.ts';
import { codesView } from './recovery-codes-view.ts';

/** The secrets that are shown again, by the request for the page. */
const pending = new WeakMap<FastifyRequest, string>();

/** `/account/totp` and what follows it: turn the second factor on. */
export function addTotpPages(server: FastifyInstance, site: Site): void {
  addFormPage<BodyOf<'beginTotp'>>(server, site, {
    ...guarded(site, 'account/totp', '../'),
    schema: endpoints.beginTotp.body,
    fieldOf: { invalid_credentials: 'password' },
    instead: async (request, reply) => (hasFactor(request) ? leadTo(reply, back(site, request, '../')) : undefined),
    view: (request, filled) => beginView(site, request, filled),
    submit: async (request, reply) => {
      await beginTotp(site.ports, { ...actor(request), ...request.body });
      return leadTo(reply, linkTo('totp/code', site.readReturnTo(request.query)));
    },
  });

  const enabling = guarded(site, 'account/totp/code', '../../');
  addFormPage<BodyOf<'enableTotp'>>(server, site, {
    ...enabling,
    preValidation: async (request) => {
      await enabling.preValidation(request);
      const found = await findPendingTotp(site.ports, getVisitor(request));
      if (found) pending.set(request, found.secret);
    },
    schema: endpoints.enableTotp.body,
    onResponse: async () => site.mailOwed(),
    instead: async (request, reply) => {
      if (hasFactor(request)) return leadTo(reply, back(site, request, '../../'));
      return pending.has(request) ? undefined : leadTo(reply, linkTo('../totp', site.readReturnTo(request.query)));
    },
    view: (request, filled) => scanView(site, request, filled),
    refused: (refused) => {
      const { request, reply } = refused;
      const instead = enabling.refused(refused);
      if (instead !== undefined || pending.has(request)) return instead;
      reply.code(303).header('location', linkTo('../totp', site.readReturnTo(request.query)));
      return '';
    },
    submit: async (request, reply) => {
      const session = getVisitor(request);
      const { recoveryCodes } = await enableAndRenew(site.ports, request, reply, { session, ...request.body });
      const view = codesView(site, request, recoveryCodes, { isNew: true, root: '../../' });
      return reply.send(renderPage(site, reply, view));
    },
  });
}

/** `/account/totp/disable` and `/account/recovery-codes`, which both ask for password and code. */
export function addFactorChanges(server: FastifyInstance, site: Site): void {
  const onResponse = async () => site.mailOwed();
  const fieldOf = { invalid_credentials: 'password' } as const;
  addFormPage<BodyOf<'disableTotp'>>(server, site, {
    ...guarded(site, 'account/totp/disable', '../../'),
    ...onlyWithFactor(site, '../../'),
    schema: endpoints.disableTotp.body,
    onResponse,
    fieldOf,
    view: (request, filled) => confirmView(site, request, filled, 'disable', '../../'),
    submit: async (request, reply) => {
      await disableTotp(site.ports, { ...actor(request), ...request.body });
      return leadTo(reply, withNotice('../../account', 'factor-off', site.readReturnTo(request.query)));
    },
  });

  addFormPage<BodyOf<'renewRecoveryCodes'>>(server, site, {
    ...guarded(site, 'account/recovery-codes', '../'),
    ...onlyWithFactor(site, '../'),
    schema: endpoints.renewRecoveryCodes.body,
    onResponse,
    fieldOf,
    view: (request, filled) => confirmView(site, request, filled, 'recovery-codes', '../'),
    submit: async (request, reply) => {
      const codes = await renewRecoveryCodes(site.ports, { ...actor(request), ...request.body });
      return reply.send(renderPage(site, reply, codesView(site, request, codes, { isNew: false, root: '../' })));
    },
  });
}

function actor(request: FastifyRequest) {
  return { session: getVisitor(request), client: requesterOf(request) };
}

function back(site: Site, request: FastifyRequest, root: Root): string {
  return linkTo(`${root}account`, site.readReturnTo(request.query));
}

function backLink(site: Site, request: FastifyRequest, root: Root): SafeHtml {
  return html`<a href="${back(site, request, root)}">${texts.pages.account.back}</a>`;
}

/** What only people who are logged in see; with another window's factor, the account itself. */
function guarded(site: Site, page: OwnPage, root: Root) {
  const refuse = refuseStranger(site, page, root);
  return {
    path: `/${page}`,
    preValidation: admitOwner(site),
    refused: (refused: RefusedPage): string | undefined => {
      const isOver = ['factor_enabled', 'not_found'].includes(refused.refusal.body.code);
      return isOver ? leadBack(site, refused, root) : refuse(refused);
    },
  } satisfies Partial<FormPage<unknown>>;
}

/** Without a factor there is nothing to change. */
function onlyWithFactor(site: Site, root: Root): Pick<FormPage<unknown>, 'instead'> {
  return {
    instead: async (request, reply) => (hasFactor(request) ? undefined : leadTo(reply, back(site, request, root))),
  };
}

function leadBack(site: Site, { request, reply }: RefusedPage, root: Root): string {
  reply.code(303).header('location', back(site, request, root));
  return '';
}

function beginView(site: Site, request: FastifyRequest, filled: Filled): View {
  const { email, emailVerified } = getVisitor(request);
  const links = [backLink(site, request, '../')];
  if (site.ports.policy.sendsMail && !emailVerified) {
    const reset = `../reset?email=${encodeURIComponent(email)}`;
    return {
      title: texts.pages.beginTotp.title,
      root: '../',
      content: html`<div class="card">
<h1>${texts.pages.beginTotp.title}</h1>
<p class="lead">${texts.pages.beginTotp.proveFirst}</p>
<p><a href="${reset}">${texts.pages.beginTotp.prove}</a></p>
<p class="links">${links}</p>
</div>`,
    };
  }
  return {
    title: texts.pages.beginTotp.title,
    root: '../',
    content: formCard(filled, {
      title: texts.pages.beginTotp.title,
      lead: texts.pages.beginTotp.lead,
      action: linkTo('totp', site.readReturnTo(request.query)),
      fields: [username(request), passwordField(filled, 'password', texts.pages.fields.password)],
      submit: texts.pages.beginTotp.submit,
      links,
    }),
  };
}

function scanView(site: Site, request: FastifyRequest, filled: Filled): View {
  const secret = pending.get(request) ?? '';
  const url = otpauthUrl(secret, { issuer: site.productName, account: getVisitor(request).email });
  return {
    title: texts.pages.scanTotp.title,
    root: '../../',
    content: formCard(filled, {
      title: texts.pages.scanTotp.title,
      lead: texts.pages.scanTotp.lead,
      above: html`<p>${texts.pages.scanTotp.scan} <a href="${url}">${texts.pages.scanTotp.open}</a></p>
${qrCode(url, texts.pages.scanTotp.qr)}
<p>${texts.pages.scanTotp.type}</p>
<p class="secret"><code>${grouped(secret)}</code></p>`,
      action: linkTo('code', site.readReturnTo(request.query)),
      fields: [
        field(filled, {
          name: 'code',
          label: texts.pages.fields.code,
          type: 'text',
          autocomplete: 'one-time-code',
          isNumeric: true,
          hint: texts.pages.hints.firstCode,
        }),
      ],
      submit: texts.pages.scanTotp.submit,
      links: [backLink(site, request, '../../')],
    }),
  };
}

/** In fours, as people read and type it. */
function grouped(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? '';
}

type Change = keyof typeof texts.pages.factorChanges;

function confirmView(site: Site, request: FastifyRequest, filled: Filled, change: Change, root: Root): View {
  const said = texts.pages.factorChanges[change];
  return {
    title: said.title,
    root,
    content: formCard(filled, {
      ...said,
      action: linkTo(change, site.readReturnTo(request.query)),
      fields: [username(request), passwordField(filled, 'password', texts.pages.fields.password), codeField(filled)],
      isDangerous: change === 'disable',
      links: [backLink(site, request, root)],
    }),
  };
}
