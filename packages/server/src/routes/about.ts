import { type AboutBody, answerSchema, type HealthBody, type ReadyBody } from '@authsvc/client/contract';
import { AuthError, type AuthPorts } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';

const about: Omit<AboutBody, 'registration' | 'email_verification' | 'password_min_length'> = {
  name: 'authsvc',
  description: 'Email and password accounts, sessions and password reset.',
  endpoints: {
    register: 'POST /users',
    log_in: 'POST /sessions',
    log_out: 'DELETE /sessions',
    profile: 'GET /profile',
    whoami: 'GET /whoami',
    request_reset: 'POST /reset_password',
    reset: 'PUT /reset_password',
    sessions: 'GET /sessions',
    end_session: 'DELETE /sessions/:id',
    end_other_sessions: 'DELETE /sessions/others',
    change_password: 'PUT /profile/password',
    change_email: 'PUT /profile/email',
    delete_account: 'DELETE /profile',
    openapi: 'GET /openapi.json',
    health: 'GET /health',
    ready: 'GET /ready',
  },
};

export function addAboutRoutes(server: FastifyInstance, { store, policy }: Pick<AuthPorts, 'store' | 'policy'>): void {
  // What the forms of an application need to know.
  server.get(
    '/',
    (): AboutBody => ({
      ...about,
      registration: 'open',
      email_verification: 'off',
      password_min_length: policy.password.minLength,
    }),
  );

  server.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Tell whether the process answers',
        response: answerSchema<HealthBody>('status'),
      },
    },
    (): HealthBody => ({ status: 'ok' }),
  );

  server.get(
    '/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Tell whether the database answers and is migrated',
        refusals: ['database_unavailable'],
        response: answerSchema<ReadyBody>('status'),
      },
    },
    async (): Promise<ReadyBody> => {
      if (await store.isReady()) return { status: 'ready' };
      throw new AuthError('database_unavailable', { message: 'the database is not migrated' });
    },
  );
}
