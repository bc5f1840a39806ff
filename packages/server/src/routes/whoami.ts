import type { AnswerOf } from '@authsvc/client/contract';
import type { ActiveSession, AuthPorts } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { authenticateRequest } from '../http/session-cookie.ts';
import { routeOf } from './route.ts';

/** The answer depends on who asks, and each of these headers may say who. */
const VARY = 'Cookie, Authorization, Origin';

/** `GET /whoami`: the one question that an application asks. */
export function addWhoamiRoute(server: FastifyInstance, ports: AuthPorts): void {
  server.route({
    ...routeOf('whoami'),
    // Not async: it would have a session that is held in memory wait for nothing.
    handler: (request, reply): AnswerOf<'whoami'> | Promise<AnswerOf<'whoami'>> => {
      reply.header('vary', VARY);
      const session = authenticateRequest(ports, request);
      return session instanceof Promise ? session.then(whoamiOf) : whoamiOf(session);
    },
  });
}

function whoamiOf(session: ActiveSession): AnswerOf<'whoami'> {
  return {
    user: {
      id: session.userId,
      email: session.email,
      email_verified: session.emailVerified,
      role: session.role,
      created_at: iso(session.userCreatedAt),
    },
    session: {
      id: session.id,
      created_at: iso(session.createdAt),
      expires_at: iso(session.expiresAt),
      methods: session.methods,
    },
    token: null,
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
