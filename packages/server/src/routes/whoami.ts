import { type WhoamiBody, whoamiSchema } from '@authsvc/client/contract';
import type { ActiveSession, AuthPorts } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { authenticateRequest } from '../http/session-cookie.ts';

/** The answer depends on who asks, in each of the ways in which that can be said. */
const VARY = 'Cookie, Authorization, Origin';
const METHODS = ['password'] as const;

/** `GET /whoami`: the one question that an application asks. */
export function addWhoamiRoute(server: FastifyInstance, ports: AuthPorts): void {
  server.get(
    '/whoami',
    {
      schema: {
        operationId: 'whoami',
        summary: 'Say whose session this is',
        challenges: true,
        refusals: ['unauthenticated', 'database_unavailable'],
        response: { 200: whoamiSchema },
      },
    },
    // Not async: it would have a session that is held in memory wait for nothing.
    (request, reply): WhoamiBody | Promise<WhoamiBody> => {
      reply.header('vary', VARY);
      const session = authenticateRequest(ports, request);
      return session instanceof Promise ? session.then(whoamiOf) : whoamiOf(session);
    },
  );
}

function whoamiOf(session: ActiveSession): WhoamiBody {
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
      methods: METHODS,
    },
    token: null,
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
