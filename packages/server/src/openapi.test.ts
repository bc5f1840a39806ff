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

/** Every refusal, described once: by its status, with the codes that it may carry. */
const refusals = Object.fromEntries(
  errorStatuses.map((status) => {
    const codes = Object.entries(statusOf).flatMap(([code, of]) => (of === status ? [code] : []));
    const schema = { ...errorBody, properties: { ...errorBody.properties, code: { type: 'string', enum: codes } } };
    return [`Refusal${status}`, { description: codes.join(', '), content: { 'application/json': { schema } } }];
  }),
);
const references = Object.fromEntries(
  errorStatuses.map((status) => [status, { $ref: `#/components/responses/Refusal${status}` }]),
);

interface Operation {
  readonly responses: Readonly<Record<string, object>>;
}

function describeSuccess(schema: FastifySchema): FastifySchema {
  const answers = schema.response as Record<string, object>;
  const body = schema.body ? { consumes: ['application/json', 'application/x-www-form-urlencoded'] } : {};
  return { ...schema, ...body, response: { 200: { description: 'Done', ...answers[200] } } } as FastifySchema;
}

async function describeRoutes(server: FastifyInstance): Promise<string> {
  await server.ready();
  const {
    paths = {},
    components,
    ...rest
  } = server.swagger() as unknown as {
    paths: Record<string, Record<string, Operation>>;
    components: object;
  };
  const described = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        { ...operation, responses: { ...operation.responses, ...references } },
      ]),
    ),
  ]);
  const document = {
    ...rest,
    components: { ...components, responses: refusals },
    paths: Object.fromEntries(described),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

describe('openapi.json', () => {
  let test: TestServer;

  afterEach(() => test.close());

  it('is what the schemas of the routes say', async () => {
    test = await createTestServer(
      {},
      {},
      {
        beforeRoutes: (server) =>
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
                  ? { schema: describeSuccess(schema), url }
                  : { schema: { ...schema, hide: true } as FastifySchema, url },
            },
            () => undefined,
          ),
      },
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
