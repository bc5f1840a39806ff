import { html } from '@remix-run/html-template';
import type { RefusedPage } from '../http/errors.ts';
import { texts } from '../texts/texts.ts';
import { type Root, renderPage } from './layout.ts';
import { describeProblems } from './problems.ts';
import type { Site } from './site.ts';

/** A refusal where there is no form to show it in, with a way out. */
export function renderProblem(
  site: Site,
  refused: RefusedPage,
  { root, href, text }: { readonly root: Root; readonly href: string; readonly text: string },
): string {
  const { form, fields } = describeProblems(site, refused);
  return renderPage(site, refused.reply, {
    title: texts.pages.problems.title,
    root,
    content: html`<div class="card">
<h1>${texts.pages.problems.title}</h1>
${[...form, ...Object.values(fields)].map((problem) => html`<p class="lead" role="alert">${problem}</p>`)}
<p><a href="${href}">${text}</a></p>
</div>`,
  });
}
