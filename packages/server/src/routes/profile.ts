import {
  type AccountDeletedBody,
  answerSchema,
  type DeleteAccountBody,
  deleteAccountSchema,
  type EmailChangeBody,
  type EmailChangedBody,
  emailChangeSchema,
  type PasswordChangeBody,
  type PasswordChangedBody,
  type ProfileBody,
  passwordChangeSchema,
} from '@authsvc/client/contract';
import { type ActiveSession, type AuthPorts, changeEmail, changePassword, deleteAccount } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requestClient } from '../http/proxies.ts';
import { authenticateRequest, clearSessionCookie } from '../http/session-cookie.ts';

/** What people can do with their account, beyond the six endpoints; each asks for the password again. */
export function addAccountRoutes(server: FastifyInstance, ports: AuthPorts): void {
  const actor = async (request: FastifyRequest) => ({
    session: await authenticateRequest(ports, request),
    client: requestClient(request),
  });

  server.put<{ Body: PasswordChangeBody }>(
    '/profile/password',
    {
      schema: {
        operationId: 'changePassword',
        summary: 'Change your password, and end every other session of yours',
        refusals: [
          'password_rejected',
          'invalid_credentials',
          'unauthenticated',
          'rate_limited',
          'overloaded',
          'database_unavailable',
        ],
        body: passwordChangeSchema,
        response: answerSchema<PasswordChangedBody>('email', 'message'),
      },
    },
    async (request): Promise<PasswordChangedBody> => {
      const { current_password: currentPassword, new_password: newPassword } = request.body;
      const user = await changePassword(ports, { ...(await actor(request)), currentPassword, newPassword });
      return { email: user.email, message: 'password changed' };
    },
  );

  server.put<{ Body: EmailChangeBody }>(
    '/profile/email',
    {
      schema: {
        operationId: 'changeEmail',
        summary: 'Change your email',
        refusals: [
          'email_taken',
          'invalid_credentials',
          'unauthenticated',
          'rate_limited',
          'overloaded',
          'database_unavailable',
        ],
        body: emailChangeSchema,
        response: answerSchema<EmailChangedBody>('email', 'message'),
      },
    },
    async (request): Promise<EmailChangedBody> => {
      const { password, new_email: newEmail } = request.body;
      const email = await changeEmail(ports, { ...(await actor(request)), password, newEmail });
      return { email, message: 'email changed' };
    },
  );

  server.delete<{ Body: DeleteAccountBody }>(
    '/profile',
    {
      schema: {
        operationId: 'deleteAccount',
        summary: 'Delete your account and all that belongs to it',
        refusals: ['invalid_credentials', 'unauthenticated', 'rate_limited', 'overloaded', 'database_unavailable'],
        body: deleteAccountSchema,
        response: answerSchema<AccountDeletedBody>('email', 'message'),
      },
    },
    async (request, reply): Promise<AccountDeletedBody> => {
      const email = await deleteAccount(ports, { ...(await actor(request)), password: request.body.password });
      clearSessionCookie(reply);
      return { email, message: 'account deleted' };
    },
  );
}

export function addProfileRoute(server: FastifyInstance, ports: AuthPorts): void {
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
