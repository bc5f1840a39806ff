import { listFactors } from '@authsvc/core';
import type { SafeHtml } from '@remix-run/html-template';
import type { FastifyRequest } from 'fastify';
import { texts } from '../../texts/texts.ts';
import { type Filled, field } from '../form.ts';
import type { Site } from '../site.ts';
import { admitVisitor, getVisitor } from '../visitor.ts';

/** Requests of people whose account has a second factor. */
const withFactor = new WeakSet<FastifyRequest>();

/** A hook that lets only people in who are logged in, and sees whether a change takes a code. */
export function admitOwner(site: Site): (request: FastifyRequest) => Promise<void> {
  const admit = admitVisitor(site);
  return async (request) => {
    await admit(request);
    const { totp } = await listFactors(site.ports, getVisitor(request));
    if (totp) withFactor.add(request);
  };
}

export function hasFactor(request: FastifyRequest): boolean {
  return withFactor.has(request);
}

/** Asks for a code of the app, or a recovery code; no length cuts one that is typed with blanks. */
export function codeField(filled: Filled, { isFirst = false }: { readonly isFirst?: boolean } = {}): SafeHtml {
  return field(filled, {
    name: 'code',
    label: texts.pages.fields.code,
    type: 'text',
    autocomplete: 'one-time-code',
    hint: texts.pages.hints.code,
    isFirst,
  });
}

/** The code field of a change, for an account with a second factor. */
export function codeFieldFor(request: FastifyRequest, filled: Filled): SafeHtml[] {
  return hasFactor(request) ? [codeField(filled)] : [];
}
