import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import { type AuthPorts, register } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { routeOf } from './route.ts';

export function addUserRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.route<{ Body: BodyOf<'register'> }>({
    ...routeOf('register'),
    handler: async (request): Promise<AnswerOf<'register'>> => {
      const { email, password } = request.body;
      const registered = await register(ports, { email, password, client: requesterOf(request) });
      return { email: registered.email, message: 'user created' };
    },
  });
}
