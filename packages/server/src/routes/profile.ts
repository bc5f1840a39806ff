import { authenticate } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import type { ProfileBody } from '../contract.ts';
import { answerSchema } from '../schemas.ts';
import type { ServerPorts } from '../server-ports.ts';
import { readSessionCookie } from '../session-cookie.ts';

export function addProfileRoute(server: FastifyInstance, ports: ServerPorts): void {
  server.get(
    '/profile',
    {
      schema: {
        operationId: 'getProfile',
        summary: 'Tell who is logged in',
        response: answerSchema<ProfileBody>('email'),
      },
    },
    async (request): Promise<ProfileBody> => {
      const { email } = await authenticate(ports, readSessionCookie(request));
      return { email };
    },
  );
}
