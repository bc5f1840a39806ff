import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import { type AuthPorts, register, requestEmailVerification, verifyEmail } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { routeOf } from './route.ts';

/** Making accounts, and proving addresses. */
export function addUserRoutes(server: FastifyInstance, ports: AuthPorts, mailOwed: () => void): void {
  // Once the reply is on its way: it takes as long whether or not there is an account.
  const onResponse = async () => mailOwed();
  server.route<{ Body: BodyOf<'register'> }>({
    ...routeOf('register'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'register'>> => {
      const { email, password, invitation_token: invitationToken } = request.body;
      const registered = await register(ports, { email, password, invitationToken, client: requesterOf(request) });
      return { email: registered.email, message: 'user created' };
    },
  });

  server.route<{ Body: BodyOf<'requestEmailVerification'> }>({
    ...routeOf('requestEmailVerification'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'requestEmailVerification'>> => {
      const email = await requestEmailVerification(ports, { ...request.body, client: requesterOf(request) });
      return { email, message: 'verification instructions sent' };
    },
  });

  server.route<{ Body: BodyOf<'verifyEmail'> }>({
    ...routeOf('verifyEmail'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'verifyEmail'>> => {
      const { email, verification_token: verificationToken, password, code } = request.body;
      const user = await verifyEmail(ports, { email, verificationToken, password, code, client: requesterOf(request) });
      return { email: user.email, message: 'email verified' };
    },
  });
}
