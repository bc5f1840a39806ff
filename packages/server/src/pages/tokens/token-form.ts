import type { Static } from '@authsvc/client/contract';
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyRequest } from 'fastify';
import { texts } from '../../texts/texts.ts';
import { emailField, type Filled, field } from '../form.ts';

/** What a mail's link brings to the form where its token is used. */
export interface TokenLink {
  readonly email?: string | undefined;
  readonly token?: string | undefined;
}

/** @returns nothing where the address names no token, not even an empty one. */
export function readTokenLink(request: FastifyRequest): TokenLink | undefined {
  const { email, token } = request.query as Readonly<Record<string, unknown>>;
  return token === undefined ? undefined : { email: textOf(email), token: textOf(token) };
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether the form that was sent has a field of this name. */
export function hasField({ body }: FastifyRequest, name: string): boolean {
  return typeof body === 'object' && body !== null && name in body;
}

/** Validates a body as Fastify would, where a path has two. @throws with Fastify's `validation`. */
export function readBody<S extends object>(request: FastifyRequest, schema: S): Static<S> {
  const validate = request.compileValidationSchema(schema, 'body');
  if (validate(request.body)) return request.body as Static<S>;
  throw Object.assign(new Error('the body is not valid'), { validation: validate.errors });
}

interface TokenFields {
  /** Such as `reset_token`. */
  readonly tokenName: string;
  readonly password: {
    readonly name: string;
    readonly label: string;
    readonly autocomplete: 'current-password' | 'new-password';
    readonly hint?: string;
  };
}

/** What was sent, where neither the address nor the token is at fault: it stays as it was. */
function sentLink({ typed, problems }: Filled, tokenName: string): TokenLink {
  const isAtFault = [problems.form.length, problems.fields.email, problems.fields[tokenName]].some(Boolean);
  return isAtFault ? {} : { email: textOf(typed.email), token: textOf(typed[tokenName]) };
}

/**
 * The fields of a form that uses a token: the address, the token, and a password.
 *
 * @param link what the link brought, which is not to be changed; none once the form was sent. What
 * is at fault can then be corrected.
 */
export function tokenFields(
  filled: Filled,
  { tokenName, password }: TokenFields,
  link: TokenLink | undefined,
): SafeHtml[] {
  const { email, token } = link ?? sentLink(filled, tokenName);
  return [
    emailField(filled, { value: email, isFixed: email !== undefined, isFirst: email === undefined }),
    token === undefined
      ? field(filled, {
          name: tokenName,
          label: texts.pages.fields.token,
          type: 'text',
          autocomplete: 'one-time-code',
          hint: texts.pages.hints.token,
          isFirst: email !== undefined,
        })
      : html`<input type="hidden" name="${tokenName}" value="${token}">`,
    field(filled, { ...password, type: 'password', isFirst: email !== undefined && token !== undefined }),
  ];
}
