import type { WireErrorCode } from '@authsvc/client/contract';
import { statusOf } from '@authsvc/client/contract';
import fastifySwagger from '@fastify/swagger';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { CHALLENGE_STATUS } from '../http/errors.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, object>>;
}

/** For each code, whether a method may be refused with it even if its route does not name it. */
const isCommon = {
  invalid_request: () => true,
  password_rejected: () => false,
  email_taken: () => false,
  factor_enabled: () => false,
  no_pending_factor: () => false,
  invalid_credentials: () => false,
  second_factor_required: () => false,
  invalid_code: () => false,
  second_factor_expired: () => false,
  unauthenticated: () => false,
  unknown_email: () => false,
  invalid_reset_token: () => false,
  registration_closed: () => false,
  email_not_verified: () => false,
  invalid_verification_token: () => false,
  invalid_invitation_token: () => false,
  invalid_not_me_token: () => false,
  reset_delivery_refused: () => false,
  cross_origin: (method) => method !== 'get',
  not_found: () => false,
  // Only answered where there is no operation.
  method_not_allowed: () => false,
  payload_too_large: (method) => method !== 'get',
  unsupported_media_type: (method) => method !== 'get',
  misdirected_request: () => true,
  rate_limited: () => false,
  headers_too_large: () => true,
  internal: () => true,
  overloaded: () => false,
  database_unavailable: () => false,
} satisfies Record<WireErrorCode, (method: string) => boolean>;

const refusal = {
  type: 'object',
  properties: {
    code: { type: 'string', description: 'Stable, for machines' },
    message: { type: 'string', description: 'For a person; it may change' },
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
const retryAfter = {
  'Retry-After': { description: 'Seconds after which to try again', schema: { type: 'integer' } },
};

/** For each status, the answer with the codes that an operation has for it, named after them. */
function refusalsOf(method: string, schema: FastifySchema = {}): Record<string, { name: string; answer: object }> {
  const codes = Object.entries(statusOf)
    .filter(([code]) => schema.refusals?.includes(code as WireErrorCode) || isCommon[code as WireErrorCode](method))
    .map(
      ([code, status]) => [code, code === 'unauthenticated' && schema.challenges ? CHALLENGE_STATUS : status] as const,
    );
  const statuses = [...new Set(codes.map(([, status]) => status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.flatMap(([code, of]) => (of === status ? [code] : []));
      const more = here.map((code) => schema.refused?.[code as WireErrorCode]);
      const properties = Object.assign({ code: { type: 'string', enum: here } }, ...more);
      const code = { type: 'object', properties };
      const answer = {
        description: here.join(', '),
        ...((status === 429 || status === 503) && { headers: retryAfter }),
        content: { 'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Refusal' }, code] } } },
      };
      return [status, { name: here.join('.'), answer }];
    }),
  );
}

function describeSuccess(schema: FastifySchema): FastifySchema {
  const answers = schema.response as Record<string, object>;
  const body = schema.body ? { consumes: ['application/json', 'application/x-www-form-urlencoded'] } : {};
  const security = schema.refusals?.includes('unauthenticated') ? [{ session: [] }] : [];
  return { ...schema, ...body, security, response: { 200: { description: 'Done', ...answers[200] } } } as FastifySchema;
}

async function describeRoutes(server: FastifyInstance, schemas: ReadonlyMap<string, FastifySchema>): Promise<string> {
  await server.ready();
  const {
    paths = {},
    components,
    ...rest
  } = server.swagger() as unknown as {
    paths: Record<string, Record<string, Operation>>;
    components: object;
  };
  const answers: Record<string, object> = {};
  const described = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => {
        const responses: Record<string, object> = { ...operation.responses };
        for (const [status, { name, answer }] of Object.entries(
          refusalsOf(method, schemas.get(operation.operationId)),
        )) {
          answers[name] = answer;
          responses[status] = { $ref: `#/components/responses/${name}` };
        }
        return [method, { ...operation, responses }];
      }),
    ),
  ]);
  const document = {
    ...rest,
    components: { ...components, schemas: { Refusal: refusal }, responses: answers },
    paths: Object.fromEntries(described),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

describe('openapi.json', () => {
  let test: TestServer;

  afterEach(() => test.close());

  it('is what the schemas of the routes say', async () => {
    const schemas = new Map<string, FastifySchema>();
    test = await createTestServer(
      {},
      {},
      {
        beforeRoutes: (server) => {
          server.addHook('onRoute', ({ schema }) => {
            if (schema?.operationId) schemas.set(schema.operationId, schema);
          });
          // Called directly: as a registered plugin, it would run only after the routes are added.
          fastifySwagger(
            server,
            {
              openapi: {
                openapi: '3.1.0',
                info: { title: 'authsvc', version: '1.1.0', license: { name: 'MIT', identifier: 'MIT' } },
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
          );
        },
      },
    );
    await expect(await describeRoutes(test.server, schemas)).toMatchFileSnapshot('../../openapi.json');
  });

  it.each([
    ['no public URL', undefined, 'http://127.0.0.1', 'session_id'],
    ['an http one', 'http://auth.test:8080', 'http://auth.test:8080', 'session_id'],
    ['an https one', 'https://auth.test', 'https://auth.test', '__Host-session_id'],
    ['one with a path', 'https://app.test/auth', 'https://app.test/auth', '__Host-session_id'],
  ])(
    'is served for %s, and no recommended rule of linting finds fault with it',
    async (_what, publicUrl, url, name) => {
      test = await createTestServer({}, {}, publicUrl ? { publicUrl: new URL(publicUrl) } : {});
      const response = await test.server.inject({ url: '/openapi.json', headers: { host: '127.0.0.1' } });
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
      const { paths, servers, components } = response.json();
      expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/users', '/sessions/{id}', '/profile']));
      expect(servers).toEqual([{ url }]);
      expect(components.securitySchemes.session).toEqual({ type: 'apiKey', in: 'cookie', name });
      const config = await createConfig({ extends: ['recommended'] });
      const problems = await lintFromString({ source: response.body, config });
      expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
    },
  );

  it('names no server that a proxy header claims', async () => {
    test = await createTestServer({}, {}, { trustedProxies: ['127.0.0.0/8'] });
    const headers = { host: 'localhost', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    const response = await test.server.inject({ url: '/openapi.json', headers });
    expect(response.json().servers).toEqual([{ url: 'http://localhost' }]);
  });

  it('names as its server the address that was asked, where there is no public URL', async () => {
    test = await createTestServer();
    const response = await test.server.inject({ url: '/openapi.json', headers: { host: 'localhost' } });
    expect(response.json().servers).toEqual([{ url: 'http://localhost' }]);
  });
});
