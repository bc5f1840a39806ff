import type { AuthErrorCode } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RefusedPage } from '../http/errors.ts';
import { texts } from '../texts/texts.ts';
import { renderPage, type View } from './layout.ts';
import { describeProblems, noProblems, type Problems } from './problems.ts';
import type { ReturnTo } from './return-to.ts';
import type { Site } from './site.ts';
import { getVisitor } from './visitor.ts';

/** What a form shows when it comes back: what was typed, but never a password or a code. */
export interface Filled {
  readonly typed: Readonly<Record<string, string>>;
  readonly problems: Problems;
}

export const blank: Filled = { typed: {}, problems: noProblems };

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: 'email' | 'password' | 'text';
  /** @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill */
  readonly autocomplete: 'username' | 'current-password' | 'new-password' | 'email' | 'one-time-code';
  readonly hint?: string;
  /** What stands in it unless something was typed. */
  readonly value?: string | undefined;
  readonly isFirst?: boolean;
  /** It can be read, and not changed. */
  readonly isFixed?: boolean;
  /** A phone shows digits to type it. */
  readonly isNumeric?: boolean;
}

/** A field with its label, its hint and what is wrong with it. */
export function field({ typed, problems }: Filled, one: Field): SafeHtml {
  const { name, label, type, autocomplete, hint, value, isFirst = false, isFixed = false, isNumeric = false } = one;
  const problem = problems.fields[name];
  const about = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ');
  const text = type === 'password' ? undefined : (typed[name] ?? value);
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${problem && html`<p class="wrong" id="${name}-problem">${problem}</p>`}
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required autocapitalize="none" spellcheck="false"${
    text === undefined ? '' : html` value="${text}"`
  }${about && html` aria-describedby="${about}"`}${problem && html` aria-invalid="true"`}${
    isFirst && !hasProblem(problems) ? html` autofocus` : ''
  }${isFixed ? html` readonly` : ''}${isNumeric ? html` inputmode="numeric"` : ''}>
</div>`;
}

/** The email of an account. */
export function emailField(filled: Filled, how: Pick<Field, 'value' | 'isFirst' | 'isFixed'> = {}): SafeHtml {
  return field(filled, {
    name: 'email',
    label: texts.pages.fields.email,
    type: 'email',
    autocomplete: 'username',
    ...how,
  });
}

/** The password of the account, to confirm something by. */
export function passwordField(filled: Filled, name: string, label: string): SafeHtml {
  return field(filled, { name, label, type: 'password', autocomplete: 'current-password', isFirst: true });
}

/**
 * Tells a password manager whose password this is. Without a name, it is not sent.
 *
 * @see https://www.chromium.org/developers/design-documents/form-styles-that-chromium-understands/
 */
export function username(request: FastifyRequest): SafeHtml {
  return html`<input type="text" value="${getVisitor(request).email}" autocomplete="username" readonly hidden>`;
}

/** A password that is chosen now, with the rule for it. */
export function newPasswordField(site: Site, filled: Filled, one: Pick<Field, 'name' | 'label' | 'isFirst'>): SafeHtml {
  const hint = texts.pages.hints.newPassword(site.ports.policy.password.minLength);
  return field(filled, { type: 'password', autocomplete: 'new-password', hint, ...one });
}

/** Everything that is wrong, first on the page, with links to the fields. */
export function summary({ problems }: Filled): SafeHtml | undefined {
  if (!hasProblem(problems)) return undefined;
  const fields = Object.entries(problems.fields);
  return html`<div class="problem" role="alert" tabindex="-1" autofocus>
<h2>${texts.pages.problems.title}</h2>
<ul>${problems.form.map((text) => html`<li>${text}</li>`)}${fields.map(
    ([name, text]) => html`<li><a href="#${name}">${text}</a></li>`,
  )}</ul>
</div>`;
}

function hasProblem({ form, fields }: Problems): boolean {
  return form.length > 0 || Object.keys(fields).length > 0;
}

/** What a form asks for in words, its problems, and the form itself. */
export interface FormCard {
  readonly title: string;
  readonly lead?: string | undefined;
  readonly notice?: string | SafeHtml | undefined;
  /** What is read before the fields are filled in. */
  readonly above?: SafeHtml | undefined;
  readonly action: string;
  readonly fields: SafeHtml[];
  readonly submit: string;
  readonly isDangerous?: boolean;
  readonly links?: SafeHtml[];
}

export function formCard(filled: Filled, card: FormCard): SafeHtml {
  const { title, lead, notice, above, action, fields, submit, isDangerous = false, links = [] } = card;
  return html`<div class="card">
${notice && html`<p class="note" role="status">${notice}</p>`}
<h1>${title}</h1>
${lead && html`<p class="lead">${lead}</p>`}
${summary(filled)}
${above}
<form method="post" action="${action}" novalidate>
${fields}
<button${isDangerous ? html` class="bad"` : ''}>${submit}</button>
</form>
${links.map((link) => html`<p class="links">${link}</p>`)}
</div>`;
}

/** A page's own address, or another page's, with the place to go back to. */
export function linkTo(page: string, returnTo: ReturnTo | undefined): string {
  const more = page.includes('?') ? '&' : '?';
  return returnTo ? `${page}${more}return_to=${encodeURIComponent(returnTo.location)}` : page;
}

/** A page with a form, which posts to the page's own path. */
export interface FormPage<Body> {
  readonly path: string;
  /** The body's schema: that of the endpoint that does the same. */
  readonly schema?: object;
  /** Before the body is looked at. */
  readonly preValidation?: (request: FastifyRequest) => Promise<void>;
  /** Once the answer to a form is on its way. */
  readonly onResponse?: () => Promise<void>;
  /** Answers a GET where the form is of no use; nothing shows the form. */
  readonly instead?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
  readonly view: (request: FastifyRequest, filled: Filled) => View;
  /** The fields at fault where the rules name none. */
  readonly fieldOf?: Partial<Record<AuthErrorCode, string>>;
  /** What is shown if there is nothing to fill in; without it, the form itself. */
  readonly refused?: (refused: RefusedPage) => string | undefined;
  readonly submit: (request: FastifyRequest<{ Body: Body }>, reply: FastifyReply) => Promise<FastifyReply>;
}

/** Adds a page with a form: GET shows it, POST acts. */
export function addFormPage<Body>(server: FastifyInstance, site: Site, page: FormPage<Body>): void {
  const { path, schema, preValidation, onResponse, instead, view, fieldOf, refused, submit } = page;
  const refusalPage = (one: RefusedPage): string => {
    const other = refused?.(one);
    if (other !== undefined) return other;
    const filled = { typed: typedIn(one.request.body), problems: describeProblems(site, one, fieldOf) };
    return renderPage(site, one.reply, { ...view(one.request, filled), hasProblem: true });
  };
  const common = { ...(preValidation && { preValidation }), config: { refusalPage } };
  server.get(path, common, async (request, reply) => {
    const other = await instead?.(request, reply);
    return other ?? reply.send(renderPage(site, reply, view(request, blank)));
  });
  server.post<{ Body: Body }>(
    path,
    { ...common, ...(schema && { schema: { body: schema } }), ...(onResponse && { onResponse }) },
    submit,
  );
}

/** What was typed, but for passwords and codes. */
function typedIn(body: unknown): Record<string, string> {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  return Object.fromEntries(
    fields.filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !/password|code/.test(entry[0]),
    ),
  );
}
