import { readFileSync } from 'node:fs';
import type { WireErrorCode } from '@authsvc/client/contract';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** The operation's name in OpenAPI, and so in a client that is generated from it. */
    operationId?: string;
    summary?: string;
    /**
     * What its rules may refuse with, for OpenAPI. One that names `unauthenticated` needs a
     * session.
     */
    refusals?: readonly WireErrorCode[];
    /** A missing session is 401 with `WWW-Authenticate`, and not 403. */
    challenges?: boolean;
  }
}

/**
 * `GET /openapi.json`: the committed description, which a test generates again from the routes'
 * schemas and compares, with the address and the cookie's name of this instance.
 */
export function addOpenapiRoute(server: FastifyInstance, publicUrl: URL | undefined): void {
  const read = () => JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
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
