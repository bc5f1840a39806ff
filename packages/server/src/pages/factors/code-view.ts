import { html } from '@remix-run/html-template';
import type { FastifyRequest } from 'fastify';
import { texts } from '../../texts/texts.ts';
import { type Filled, formCard, linkTo } from '../form.ts';
import type { Root, View } from '../layout.ts';
import type { Site } from '../site.ts';
import { codeField } from './code-field.ts';

/** The second step of a login: its token is in a hidden field, and in no address or cookie. */
export function codeView(
  site: Site,
  request: FastifyRequest,
  filled: Filled,
  { token, root }: { readonly token: string; readonly root: Root },
): View {
  const returnTo = site.readReturnTo(request.query);
  return {
    title: texts.pages.loginCode.title,
    root,
    returnTo,
    content: formCard(filled, {
      title: texts.pages.loginCode.title,
      lead: texts.pages.loginCode.lead,
      action: linkTo(`${root}login/code`, returnTo),
      fields: [
        html`<input type="hidden" name="second_factor_token" value="${token}">`,
        codeField(filled, { isFirst: true }),
      ],
      submit: texts.pages.login.submit,
      links: [html`<a href="${linkTo(`${root}login`, returnTo)}">${texts.pages.loginCode.again}</a>`],
    }),
  };
}
