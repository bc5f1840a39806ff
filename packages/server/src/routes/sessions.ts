import {
  answerSchema,
  type CredentialsBody,
  credentialsSchema,
  type LoggedInBody,
  type LoggedOutBody,
} from '@authsvc/client/contract';
import { logIn, logOut } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requestClient } from '../request-client.ts';
import type { ServerPorts } from '../server-ports.ts';
import { clearSessionCookie, readSessionCookie, setSessionCookie, tryOtherCookies } from '../session-cookie.ts';

export function addSessionRoutes(
  server: FastifyInstance,
  ports: ServerPorts,
  noteLogin: (request: FastifyRequest, email: string) => void,
): void {
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
      noteLogin(request, email);
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
