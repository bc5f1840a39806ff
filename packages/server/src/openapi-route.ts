import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** The operation's name in OpenAPI, and so in a client that is generated from it. */
    operationId?: string;
    summary?: string;
  }
}

/** `GET /openapi.json`: the committed description, which a test generates anew from the routes' schemas and compares. */
export function addOpenapiRoute(server: FastifyInstance): void {
  let document: string | undefined;
  server.get('/openapi.json', (_request, reply) => {
    document ??= readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
    return reply.type('application/json; charset=utf-8').send(document);
  });
}
