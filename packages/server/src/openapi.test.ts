import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { statusOf } from './refusal.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

const errorStatuses = [...new Set(Object.values(statusOf))].sort((one, other) => one - other);

const errorBody = {
  type: 'object',
  properties: {
    code: { type: 'string', enum: Object.keys(statusOf) },
    message: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, message: { type: 'string' } },
        required: ['field', 'message'],
      },
    },
  },
  required: ['code', 'message'],
};

/** What of the refusals a route can answer with is the same for all of them. */
function withRefusals(schema: FastifySchema): FastifySchema {
  const refusals = Object.fromEntries(
    errorStatuses.map((status) => [
      status,
      {
        description: codesOf(status).join(', '),
        ...errorBody,
        properties: { ...errorBody.properties, code: { type: 'string', enum: codesOf(status) } },
      },
    ]),
  );
  const answers = schema.response as Record<string, object>;
  const success = { description: 'Done', ...answers[200] };
  const described = schema.body ? { consumes: ['application/json', 'application/x-www-form-urlencoded'] } : {};
  return { ...schema, ...described, response: { 200: success, ...refusals } } as FastifySchema;
}

function codesOf(status: number): string[] {
  return Object.entries(statusOf).flatMap(([code, of]) => (of === status ? [code] : []));
}

async function describeRoutes(server: FastifyInstance): Promise<string> {
  await server.ready();
  return `${JSON.stringify(server.swagger(), undefined, 2)}\n`;
}

describe('openapi.json', () => {
  let test: TestServer;

  afterEach(() => test.close());

  it('is what the schemas of the routes say', async () => {
    test = await createTestServer({}, {}, (server) =>
      // Called, and not registered: that would be after the routes.
      fastifySwagger(
        server,
        {
          openapi: {
            openapi: '3.1.0',
            info: { title: 'authsvc', version: '1.0.0', license: { name: 'MIT', identifier: 'MIT' } },
            servers: [{ url: 'http://127.0.0.1:4100' }],
            components: {
              securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'session_id' } },
            },
          },
          transform: ({ schema, url }) =>
            schema?.operationId
              ? { schema: withRefusals(schema), url }
              : { schema: { ...schema, hide: true } as FastifySchema, url },
        },
        () => undefined,
      ),
    );
    await expect(await describeRoutes(test.server)).toMatchFileSnapshot('../openapi.json');
  });

  it('is served as it was committed', async () => {
    test = await createTestServer();
    const response = await test.server.inject('/openapi.json');
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(Object.keys(response.json().paths)).toEqual(
      expect.arrayContaining(['/users', '/sessions/{id}', '/profile']),
    );
  });
});
