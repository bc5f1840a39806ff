import { type ActiveSession, AuthError } from '@authsvc/core';
import type { FastifyRequest } from 'fastify';
import type { RefusedPage } from '../http/errors.ts';
import { authenticateRequest, isUnauthenticated, readSessionCookie } from '../http/session-cookie.ts';
import { texts } from '../texts/texts.ts';
import type { Root } from './layout.ts';
import { renderProblem } from './problem-page.ts';
import type { OwnPage } from './return-to.ts';
import type { Site } from './site.ts';

/** A map, and no property of the request: most requests are for no page. */
const visitors = new WeakMap<FastifyRequest, ActiveSession>();

/** The session that a request came with, once one of the hooks here has looked. */
export function findVisitor(request: FastifyRequest): ActiveSession | undefined {
  return visitors.get(request);
}

/** @throws AuthError `unauthenticated`. */
export function getVisitor(request: FastifyRequest): ActiveSession {
  const visitor = visitors.get(request);
  if (!visitor) throw new AuthError('unauthenticated');
  return visitor;
}

/** A hook that lets only people in who are logged in. @throws AuthError `unauthenticated`. */
export function admitVisitor({ ports }: Site): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    visitors.set(request, await authenticateRequest(ports, request));
  };
}

/** A hook that sees who is logged in, and lets everyone in. */
export function noticeVisitor(site: Site): (request: FastifyRequest) => Promise<void> {
  const admit = admitVisitor(site);
  return async (request) => {
    if (readSessionCookie(request) === undefined) return;
    await admit(request).catch((error) => {
      if (!isUnauthenticated(error)) throw error;
    });
  };
}

/**
 * What someone sees who is not logged in: the login, which leads back here. A form that was sent is
 * refused first, since what was typed is lost.
 *
 * @returns `undefined` for a refusal that can be shown where it happened.
 */
export function refuseStranger(site: Site, page: OwnPage, root: Root) {
  const logIn = page === 'account' ? `${root}login` : `${root}login?return_to=${page}`;
  return (refused: RefusedPage): string | undefined => {
    const { refusal, request, reply } = refused;
    const isStranger = refusal.body.code === 'unauthenticated';
    if (isStranger && request.method !== 'POST') {
      reply.code(303).header('location', logIn);
      return '';
    }
    if (findVisitor(request) && !isStranger) return undefined;
    return renderProblem(site, refused, { root, href: logIn, text: texts.pages.problems.logIn });
  };
}
