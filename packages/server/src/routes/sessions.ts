import { type AnswerOf, type BodyOf, type CodeNeededBody, statusOf } from '@authsvc/client/contract';
import {
  type ActiveSession,
  type AuthPorts,
  type CodeNeeded,
  endOtherSessions,
  endSession,
  type LoggedIn,
  listSessions,
  logIn,
  logInWithCode,
  logOut,
  type User,
} from '@authsvc/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readDeviceCookie, setDeviceCookie } from '../http/device-cookie.ts';
import { requesterOf } from '../http/proxies.ts';
import {
  authenticateRequest,
  clearSessionCookie,
  readSessionCookie,
  setSessionCookie,
  tryOtherCookies,
} from '../http/session-cookie.ts';
import { routeOf } from './route.ts';

export function addSessionRoutes(server: FastifyInstance, ports: AuthPorts, mailOwed: () => void): void {
  // Once the reply is on its way: a login from a new place owes its owner a notice.
  const onResponse = async () => mailOwed();
  server.route<{ Body: BodyOf<'logIn'> }>({
    ...routeOf('logIn'),
    onResponse,
    handler: async (request, reply): Promise<AnswerOf<'logIn'> | CodeNeededBody> => {
      const outcome = await openSession(ports, request, reply, request.body);
      if ('user' in outcome) return { email: outcome.user.email, message: 'logged in' };
      reply.code(statusOf.second_factor_required);
      return {
        code: 'second_factor_required',
        message: 'this account has a second factor: send its code to POST /sessions/second_factor',
        second_factor_token: outcome.secondFactorToken,
        methods: outcome.methods,
      };
    },
  });

  server.route<{ Body: BodyOf<'logInWithCode'> }>({
    ...routeOf('logInWithCode'),
    onResponse,
    handler: async (request, reply): Promise<AnswerOf<'logInWithCode'>> => {
      const { email } = await openSessionByCode(ports, request, reply, request.body);
      return { email, message: 'logged in' };
    },
  });

  server.route({
    ...routeOf('logOut'),
    handler: async (request, reply): Promise<AnswerOf<'logOut'>> => {
      await closeSession(ports, request);
      clearSessionCookie(reply);
      return { message: 'logged out' };
    },
  });
}

/** Logs in by a request, whose answer then carries both cookies, unless a code is needed. */
export async function openSession(
  ports: AuthPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  { email, password }: BodyOf<'logIn'>,
): Promise<LoggedIn | CodeNeeded> {
  request.server.proxies.noteLogin(request, email);
  const from = { client: requesterOf(request), deviceToken: readDeviceCookie(request) };
  const outcome = await logIn(ports, { email, password, ...from });
  if ('token' in outcome) setLoginCookies(ports, reply, outcome);
  return outcome;
}

function setLoginCookies({ clock, policy }: AuthPorts, reply: FastifyReply, { token, device }: LoggedIn): void {
  setSessionCookie(reply, token, policy.lifetimes.lifetimeMs);
  setDeviceCookie(reply, device, clock.now());
}

/** Completes a login by a request, whose answer then carries the cookies of session and device. */
export async function openSessionByCode(
  ports: AuthPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  { second_factor_token: secondFactorToken, code }: BodyOf<'logInWithCode'>,
): Promise<User> {
  const from = { client: requesterOf(request), deviceToken: readDeviceCookie(request) };
  const loggedIn = await logInWithCode(ports, { secondFactorToken, code, ...from });
  setLoginCookies(ports, reply, loggedIn);
  return loggedIn.user;
}

/**
 * Ends the session that a request carries.
 *
 * @throws AuthError `unauthenticated`: it carries none.
 */
export async function closeSession(ports: AuthPorts, request: FastifyRequest): Promise<void> {
  const client = requesterOf(request);
  await logOut(ports, { token: readSessionCookie(request), client }).catch((error) =>
    tryOtherCookies(request, error, (token) => logOut(ports, { token, client })),
  );
}

/** What people can do with sessions of their own, beyond the six endpoints. */
export function addOwnSessionRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.route({
    ...routeOf('listSessions'),
    handler: async (request): Promise<AnswerOf<'listSessions'>> => {
      const current = await authenticateRequest(ports, request);
      const sessions = await listSessions(ports, current);
      return { sessions: sessions.map((session) => sessionBody(session, current)) };
    },
  });

  server.route({
    ...routeOf('endOtherSessions'),
    handler: async (request): Promise<AnswerOf<'endOtherSessions'>> => {
      const session = await authenticateRequest(ports, request);
      const from = { client: requesterOf(request), deviceToken: readDeviceCookie(request) };
      const ended = await endOtherSessions(ports, { session, ...from });
      return { message: 'other sessions ended', ended };
    },
  });

  server.route<{ Params: { id: string } }>({
    ...routeOf('endSession'),
    handler: async (request, reply): Promise<AnswerOf<'endSession'>> => {
      const session = await authenticateRequest(ports, request);
      const ended = await endSession(ports, { session, client: requesterOf(request) }, request.params.id);
      if (ended.id === session.id) clearSessionCookie(reply);
      return { message: 'session ended' };
    },
  });
}

function sessionBody(
  session: Awaited<ReturnType<typeof listSessions>>[number],
  current: Pick<ActiveSession, 'id'>,
): AnswerOf<'listSessions'>['sessions'][number] {
  return {
    id: session.id,
    created_at: new Date(session.createdAt).toISOString(),
    last_used_at: new Date(session.lastUsedAt).toISOString(),
    address: session.address,
    user_agent: session.userAgent ?? null,
    current: session.id === current.id,
  };
}
