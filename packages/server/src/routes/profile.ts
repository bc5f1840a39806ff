import { answerSchema, type ProfileBody } from '@authsvc/client/contract';
import type { ActiveSession } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import type { ServerPorts } from '../server-ports.ts';
import { authenticateRequest } from '../session-cookie.ts';

export function addProfileRoute(server: FastifyInstance, ports: ServerPorts): void {
  server.get(
    '/profile',
    {
      schema: {
        operationId: 'getProfile',
        summary: 'Tell who is logged in',
        refusals: ['unauthenticated', 'database_unavailable'],
        response: answerSchema<ProfileBody>('email'),
      },
    },
    // Not async: it would have a session that is held in memory wait for nothing.
    (request): ProfileBody | Promise<ProfileBody> => {
      const session = authenticateRequest(ports, request);
      return session instanceof Promise ? session.then(profileOf) : profileOf(session);
    },
  );
}

const profileOf = ({ email }: ActiveSession): ProfileBody => ({ email });
