import type { FastifyRequest } from 'fastify';
import { texts } from '../texts/texts.ts';
import { linkTo } from './form.ts';
import type { ReturnTo } from './return-to.ts';

export type Notice = keyof typeof texts.pages.notices;

/** A page that says first what was just done, and still knows the place to go back to. */
export function withNotice(page: string, notice: Notice, returnTo: ReturnTo | undefined): string {
  return linkTo(`${page}?done=${notice}`, returnTo);
}

/** What was just done, in words; anything but a name that we know is ignored. */
export function noticeIn({ query }: FastifyRequest): string | undefined {
  const { done } = (query ?? {}) as { done?: unknown };
  return typeof done === 'string' && Object.hasOwn(texts.pages.notices, done)
    ? texts.pages.notices[done as Notice]
    : undefined;
}
