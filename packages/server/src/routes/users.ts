import { answerSchema, type CredentialsBody, credentialsSchema, type UserCreatedBody } from '@authsvc/client/contract';
import { type AuthPorts, register } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { requestClient } from '../http/proxies.ts';

export function addUserRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.post<{ Body: CredentialsBody }>(
    '/users',
    {
      schema: {
        operationId: 'register',
        summary: 'Create an account',
        refusals: ['password_rejected', 'email_taken', 'rate_limited', 'overloaded', 'database_unavailable'],
        body: credentialsSchema,
        response: answerSchema<UserCreatedBody>('email', 'message'),
      },
    },
    async (request): Promise<UserCreatedBody> => {
      const { email, password } = request.body;
      const user = await register(ports, { email, password, client: requestClient(request) });
      return { email: user.email, message: 'user created' };
    },
  );
}
