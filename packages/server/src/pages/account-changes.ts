import { type BodyOf, endpoints } from '@authsvc/client/contract';
import { changeEmail, changePassword, deleteAccount } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { clearSessionCookie } from '../http/session-cookie.ts';
import { texts } from '../texts/texts.ts';
import { admitOwner, codeFieldFor } from './factors/code-field.ts';
import {
  addFormPage,
  type FormPage,
  field,
  formCard,
  linkTo,
  newPasswordField,
  passwordField,
  username,
} from './form.ts';
import { leadTo } from './layout.ts';
import { withNotice } from './notices.ts';
import type { OwnPage } from './return-to.ts';
import type { Site } from './site.ts';
import { getVisitor, refuseStranger } from './visitor.ts';

/** `/account/email`, `/account/password` and `/account/delete`. Each asks for password and code. */
export function addAccountChanges(server: FastifyInstance, site: Site): void {
  const { ports } = site;
  const actor = (request: FastifyRequest) => ({ session: getVisitor(request), client: requesterOf(request) });
  const returnToIn = (request: FastifyRequest) => site.readReturnTo(request.query);
  const linksOf = (request: FastifyRequest) => [
    html`<a href="${linkTo('../account', returnToIn(request))}">${texts.pages.account.back}</a>`,
  ];

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
          ...codeFieldFor(request, filled),
        ],
        submit: texts.pages.changeEmail.submit,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      const { password, new_email: newEmail, code } = request.body;
      const { isPending } = await changeEmail(ports, { ...actor(request), password, newEmail, code });
      return leadTo(
        reply,
        withNotice('../account', isPending ? 'email-change-asked' : 'email-changed', returnToIn(request)),
      );
    },
  });

  addFormPage<BodyOf<'changePassword'>>(server, site, {
    ...guarded(site, 'account/password'),
    onResponse: async () => site.mailOwed(),
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
          ...codeFieldFor(request, filled),
        ],
        submit: texts.pages.changePassword.submit,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      const { current_password: currentPassword, new_password: newPassword, code } = request.body;
      await changePassword(ports, { ...actor(request), currentPassword, newPassword, code });
      return leadTo(reply, withNotice('../account', 'password-changed', returnToIn(request)));
    },
  });

  addFormPage<BodyOf<'deleteAccount'>>(server, site, {
    ...guarded(site, 'account/delete'),
    onResponse: async () => site.mailOwed(),
    schema: endpoints.deleteAccount.body,
    fieldOf: { invalid_credentials: 'password' },
    view: (request, filled) => ({
      title: texts.pages.deleteAccount.title,
      root: '../',
      content: formCard(filled, {
        title: texts.pages.deleteAccount.title,
        lead: texts.pages.deleteAccount.lead(getVisitor(request).email),
        action: linkTo('delete', returnToIn(request)),
        fields: [
          username(request),
          passwordField(filled, 'password', texts.pages.fields.password),
          ...codeFieldFor(request, filled),
        ],
        submit: texts.pages.deleteAccount.submit,
        isDangerous: true,
        links: linksOf(request),
      }),
    }),
    submit: async (request, reply) => {
      await deleteAccount(ports, { ...actor(request), ...request.body });
      clearSessionCookie(reply);
      return leadTo(reply, withNotice('../login', 'account-deleted', returnToIn(request)));
    },
  });
}

/** What only people who are logged in see. */
function guarded(site: Site, page: OwnPage): Pick<FormPage<unknown>, 'path' | 'preValidation' | 'refused'> {
  return { path: `/${page}`, preValidation: admitOwner(site), refused: refuseStranger(site, page, '../') };
}
