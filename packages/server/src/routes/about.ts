import { readFileSync } from 'node:fs';
import type { AboutBody, AnswerOf } from '@authsvc/client/contract';
import { AuthError, type AuthPorts } from '@authsvc/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Config } from '../config/config.ts';
import { findPagesUrl } from '../config/page-settings.ts';
import { leadTo } from '../pages/layout.ts';
import { routeOf } from './route.ts';

const about: Omit<AboutBody, 'registration' | 'email_verification' | 'password_min_length' | 'pages'> = {
  name: 'authsvc',
  description: 'Email and password accounts, sessions and password reset.',
  endpoints: {
    register: 'POST /users',
    request_verification: 'POST /email_verification',
    verify_email: 'PUT /email_verification',
    log_in: 'POST /sessions',
    log_in_with_code: 'POST /sessions/second_factor',
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
    factors: 'GET /profile/factors',
    begin_totp: 'POST /profile/totp',
    enable_totp: 'PUT /profile/totp',
    disable_totp: 'DELETE /profile/totp',
    renew_recovery_codes: 'POST /profile/recovery_codes',
    devices: 'GET /profile/devices',
    end_device: 'DELETE /profile/devices/:id',
    not_me: 'POST /not_me',
    openapi: 'GET /openapi.json',
    health: 'GET /health',
    ready: 'GET /ready',
  },
};

/** @param landing where `GET /` leads a browser, if anywhere. */
export function addAboutRoutes(
  server: FastifyInstance,
  { store, policy }: Pick<AuthPorts, 'store' | 'policy'>,
  options: Partial<Pick<Config, 'pages' | 'publicUrl'>>,
  landing: string | undefined,
): void {
  // What an application needs to know for its own forms, or to lead people to ours.
  server.get('/', ({ headers: { host, accept } }, reply): AboutBody | FastifyReply => {
    reply.header('vary', 'Accept');
    if (landing !== undefined && accept?.includes('text/html')) return leadTo(reply, landing);
    return {
      ...about,
      registration: policy.registration,
      email_verification: policy.emailVerification,
      password_min_length: policy.password.minLength,
      // The Host header, which was checked: Fastify's own `host` believes X-Forwarded-Host.
      pages: findPagesUrl(options, `http://${host}`)?.href.replace(/\/$/, '') ?? null,
    };
  });

  server.route({ ...routeOf('getHealth'), handler: (): AnswerOf<'getHealth'> => ({ status: 'ok' }) });

  server.route({
    ...routeOf('getReadiness'),
    handler: async (): Promise<AnswerOf<'getReadiness'>> => {
      if (await store.isReady()) return { status: 'ready' };
      throw new AuthError('database_unavailable', { message: 'the database is not migrated' });
    },
  });
}

/**
 * `GET /openapi.json`: the committed description, which a test generates again from the routes'
 * schemas and compares, with the address and the cookie's name of this instance.
 */
export function addOpenapiRoute(server: FastifyInstance, publicUrl: URL | undefined): void {
  const read = () => JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
  let document: ReturnType<typeof read>;
  server.get('/openapi.json', ({ headers: { host } }, reply) => {
    if (!document) {
      document = read();
      document.components.securitySchemes.session.name = server.sessionCookie.name;
    }
    // The Host header, which was checked: Fastify's own `host` believes X-Forwarded-Host.
    document.servers = [{ url: publicUrl ? publicUrl.href.replace(/\/$/, '') : `http://${host}` }];
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(document, undefined, 2));
  });
}
