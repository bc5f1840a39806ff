import {
  answerSchema,
  type CredentialsBody,
  credentialsSchema,
  type LoggedInBody,
  type LoggedOutBody,
  type OtherSessionsEndedBody,
  otherSessionsEndedSchema,
  type SessionBody,
  type SessionEndedBody,
  type SessionsBody,
  sessionIdSchema,
  sessionsSchema,
} from '@authsvc/client/contract';
import {
  type ActiveSession,
  type AuthPorts,
  endOtherSessions,
  endSession,
  listSessions,
  logIn,
  logOut,
} from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { requestClient } from '../http/proxies.ts';
import {
  authenticateRequest,
  clearSessionCookie,
  readSessionCookie,
  setSessionCookie,
  tryOtherCookies,
} from '../http/session-cookie.ts';

export function addSessionRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.post<{ Body: CredentialsBody }>(
    '/sessions',
    {
      schema: {
        operationId: 'logIn',
        summary: 'Log in; the session comes as a cookie',
        refusals: ['invalid_credentials', 'rate_limited', 'overloaded', 'database_unavailable'],
        body: credentialsSchema,
        response: answerSchema<LoggedInBody>('email', 'message'),
      },
    },
    async (request, reply): Promise<LoggedInBody> => {
      const { email, password } = request.body;
      server.proxies.noteLogin(request, email);
      const { user, token } = await logIn(ports, { email, password, client: requestClient(request) });
      setSessionCookie(reply, token, ports.policy.lifetimes.lifetimeMs);
      return { email: user.email, message: 'logged in' };
    },
  );

  server.delete(
    '/sessions',
    {
      schema: {
        operationId: 'logOut',
        summary: 'End this session',
        refusals: ['unauthenticated', 'database_unavailable'],
        response: answerSchema<LoggedOutBody>('message'),
      },
    },
    async (request, reply): Promise<LoggedOutBody> => {
      const client = requestClient(request);
      await logOut(ports, { token: readSessionCookie(request), client }).catch((error) =>
        tryOtherCookies(request, error, (token) => logOut(ports, { token, client })),
      );
      clearSessionCookie(reply);
      return { message: 'logged out' };
    },
  );
}

/** What people can do with sessions of their own, beyond the six endpoints. */
export function addOwnSessionRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.get(
    '/sessions',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'List your open sessions',
        refusals: ['unauthenticated', 'database_unavailable'],
        response: { 200: sessionsSchema },
      },
    },
    async (request): Promise<SessionsBody> => {
      const current = await authenticateRequest(ports, request);
      const sessions = await listSessions(ports, current);
      return { sessions: sessions.map((session) => sessionBody(session, current)) };
    },
  );

  server.delete(
    '/sessions/others',
    {
      schema: {
        operationId: 'endOtherSessions',
        summary: 'End every session of yours but this one',
        refusals: ['unauthenticated', 'rate_limited', 'database_unavailable'],
        response: { 200: otherSessionsEndedSchema },
      },
    },
    async (request): Promise<OtherSessionsEndedBody> => {
      const session = await authenticateRequest(ports, request);
      const ended = await endOtherSessions(ports, { session, client: requestClient(request) });
      return { message: 'other sessions ended', ended };
    },
  );

  server.delete<{ Params: { id: string } }>(
    '/sessions/:id',
    {
      schema: {
        operationId: 'endSession',
        summary: 'End one session of yours',
        refusals: ['unauthenticated', 'not_found', 'rate_limited', 'database_unavailable'],
        params: sessionIdSchema,
        response: answerSchema<SessionEndedBody>('message'),
      },
    },
    async (request, reply): Promise<SessionEndedBody> => {
      const session = await authenticateRequest(ports, request);
      const ended = await endSession(ports, { session, client: requestClient(request) }, request.params.id);
      if (ended.id === session.id) clearSessionCookie(reply);
      return { message: 'session ended' };
    },
  );
}

function sessionBody(
  session: Awaited<ReturnType<typeof listSessions>>[number],
  current: Pick<ActiveSession, 'id'>,
): SessionBody {
  return {
    id: session.id,
    created_at: new Date(session.createdAt).toISOString(),
    last_used_at: new Date(session.lastUsedAt).toISOString(),
    address: session.address,
    user_agent: session.userAgent ?? null,
    current: session.id === current.id,
  };
}
