import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import { type ActiveSession, type AuthPorts, changeEmail, changePassword, deleteAccount } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { authenticateRequest, clearSessionCookie } from '../http/session-cookie.ts';
import { routeOf } from './route.ts';

/**
 * What people can do with their account, beyond the six endpoints. Each asks for password and code.
 */
export function addAccountRoutes(server: FastifyInstance, ports: AuthPorts, mailOwed: () => void): void {
  const onResponse = async () => mailOwed();
  const actor = async (request: FastifyRequest) => ({
    session: await authenticateRequest(ports, request),
    client: requesterOf(request),
  });

  server.route<{ Body: BodyOf<'changePassword'> }>({
    ...routeOf('changePassword'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'changePassword'>> => {
      const { current_password: currentPassword, new_password: newPassword, code } = request.body;
      const user = await changePassword(ports, { ...(await actor(request)), currentPassword, newPassword, code });
      return { email: user.email, message: 'password changed' };
    },
  });

  server.route<{ Body: BodyOf<'changeEmail'> }>({
    ...routeOf('changeEmail'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'changeEmail'>> => {
      const { password, new_email: newEmail, code } = request.body;
      const { email, isPending } = await changeEmail(ports, { ...(await actor(request)), password, newEmail, code });
      return { email, message: isPending ? 'verification instructions sent' : 'email changed' };
    },
  });

  server.route<{ Body: BodyOf<'deleteAccount'> }>({
    ...routeOf('deleteAccount'),
    onResponse,
    handler: async (request, reply): Promise<AnswerOf<'deleteAccount'>> => {
      const email = await deleteAccount(ports, { ...(await actor(request)), ...request.body });
      clearSessionCookie(reply);
      return { email, message: 'account deleted' };
    },
  });
}

export function addProfileRoute(server: FastifyInstance, ports: AuthPorts): void {
  server.route({
    ...routeOf('getProfile'),
    // Not async: it would have a session that is held in memory wait for nothing.
    handler: (request): AnswerOf<'getProfile'> | Promise<AnswerOf<'getProfile'>> => {
      const session = authenticateRequest(ports, request);
      return session instanceof Promise ? session.then(profileOf) : profileOf(session);
    },
  });
}

const profileOf = ({ email }: ActiveSession): AnswerOf<'getProfile'> => ({ email });
