import { html } from '@remix-run/html-template';
import type { FastifyRequest } from 'fastify';
import { texts } from '../../texts/texts.ts';
import { linkTo } from '../form.ts';
import type { Root, View } from '../layout.ts';
import type { Site } from '../site.ts';
import { getVisitor } from '../visitor.ts';

/** The recovery codes, this once: to be printed, or kept elsewhere. */
export function codesView(
  site: Site,
  request: FastifyRequest,
  codes: readonly string[],
  { isNew, root }: { readonly isNew: boolean; readonly root: Root },
): View {
  const { email } = getVisitor(request);
  return {
    title: texts.pages.recoveryCodes.title,
    root,
    content: html`<div class="card">
<p class="note" role="status">${isNew ? texts.pages.recoveryCodes.enabled : texts.pages.recoveryCodes.renewed}</p>
<h1>${texts.pages.recoveryCodes.title}</h1>
<p class="lead">${texts.pages.recoveryCodes.lead}</p>
<p class="printed">${texts.pages.recoveryCodes.of(email, site.productName)}</p>
<ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
<p class="links"><a href="${linkTo(`${root}account`, site.readReturnTo(request.query))}">${texts.pages.recoveryCodes.done}</a></p>
</div>`,
  };
}
