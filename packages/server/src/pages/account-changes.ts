import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { changeEmail, changePassword, deleteAccount } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { clearSessionCookie } from '../http/session-cookie.ts';
import { texts } from '../texts/texts.ts';
import { addFormPage, type Filled, type FormPage, field, formCard, linkTo, newPasswordField } from './form.ts';
import { leadTo } from './layout.ts';
import { withNotice } from './notices.ts';
import type { OwnPage } from './return-to.ts';
import type { Site } from './site.ts';
import { admitVisitor, getVisitor, refuseStranger } from './visitor.ts';

/** `/account/email`, `/account/password` and `/account/delete`. Each asks for the password. */
export function addAccountChanges(server: FastifyInstance, site: Site): void {
  const { ports } = site;
  const actor = (request: FastifyRequest) => ({ session: getVisitor(request), client: requesterOf(request) });
  const returnToIn = (request: FastifyRequest) => site.readReturnTo(request.query);
  const linksOf = (request: FastifyRequest) => [
    html`<a href="${linkTo('../account', returnToIn(request))}">${texts.pages.account.back}</a>`,
  ];
  const passwordField = (filled: Filled, name: string, label: string) =>
    field(filled, { name, label, type: 'password', autocomplete: 'current-password', isFirst: true });

  addFormPage<BodyOf<'changeEmail'>>(server, site, {
    ...guarded(site, 'account/email'),
    onResponse: async () => site.mailOwed(),
    schema: endpoints.changeEmail.body,
    fieldOf: { invalid_credentials: 'password' },
    view: (request, filled) => ({
      title: texts.pages.changeEmail.title,
      root: '../',
      content: formCard(filled, {
        title: texts.pages.changeEmail.title,
        lead: texts.pages.changeEmail.now(getVisitor(request).email),
        action: linkTo('email', returnToIn(request)),
        fields: [
          field(filled, {
            name: 'new_email',
            label: texts.pages.fields.newEmail,
            type: 'email',
            autocomplete: 'email',
            isFirst: true,
          }),
          passwordField(filled, 'password', texts.pages.fields.password),
        ],
        submit: texts.pages.changeEmail.submit,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      const { password, new_email: newEmail } = request.body;
      const { isPending } = await changeEmail(ports, { ...actor(request), password, newEmail });
      return leadTo(
        reply,
        withNotice('../account', isPending ? 'email-change-asked' : 'email-changed', returnToIn(request)),
      );
    },
  });

  addFormPage<BodyOf<'changePassword'>>(server, site, {
    ...guarded(site, 'account/password'),
    schema: endpoints.changePassword.body,
    fieldOf: { invalid_credentials: 'current_password' },
    view: (request, filled) => ({
      title: texts.pages.changePassword.title,
      root: '../',
      content: formCard(filled, {
        title: texts.pages.changePassword.title,
        lead: texts.pages.changePassword.lead,
        action: linkTo('password', returnToIn(request)),
        fields: [
          username(request),
          passwordField(filled, 'current_password', texts.pages.fields.currentPassword),
          newPasswordField(site, filled, { name: 'new_password', label: texts.pages.fields.newPassword }),
        ],
        submit: texts.pages.changePassword.submit,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      const { current_password: currentPassword, new_password: newPassword } = request.body;
      await changePassword(ports, { ...actor(request), currentPassword, newPassword });
      return leadTo(reply, withNotice('../account', 'password-changed', returnToIn(request)));
    },
  });

  addFormPage<BodyOf<'deleteAccount'>>(server, site, {
    ...guarded(site, 'account/delete'),
    schema: endpoints.deleteAccount.body,
    fieldOf: { invalid_credentials: 'password' },
    view: (request, filled) => ({
      title: texts.pages.deleteAccount.title,
      root: '../',
      content: formCard(filled, {
        title: texts.pages.deleteAccount.title,
        lead: texts.pages.deleteAccount.lead(getVisitor(request).email),
        action: linkTo('delete', returnToIn(request)),
        fields: [username(request), passwordField(filled, 'password', texts.pages.fields.password)],
        submit: texts.pages.deleteAccount.submit,
        isDangerous: true,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      await deleteAccount(ports, { ...actor(request), password: request.body.password });
      clearSessionCookie(reply);
      return leadTo(reply, withNotice('../login', 'account-deleted', returnToIn(request)));
    },
  });
}

/** What only people who are logged in see. */
function guarded(site: Site, page: OwnPage): Pick<FormPage<unknown>, 'path' | 'preValidation' | 'refused'> {
  return { path: `/${page}`, preValidation: admitVisitor(site), refused: refuseStranger(site, page, '../') };
}

/**
 * Tells a password manager whose password this is. Without a name, it is not sent.
 *
 * @see https://www.chromium.org/developers/design-documents/form-styles-that-chromium-understands/
 */
function username(request: FastifyRequest): SafeHtml {
  return html`<input type="text" value="${getVisitor(request).email}" autocomplete="username" readonly hidden>`;
}
