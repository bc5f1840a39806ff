import { type EndpointName, endpoints, type WireErrorCode } from '@authsvc/client/contract';

declare module 'fastify' {
  interface FastifySchema {
    /** The operation's name in OpenAPI, and so in a client that is generated from it. */
    operationId?: string;
    summary?: string;
    refusals?: readonly WireErrorCode[];
    refused?: Readonly<Partial<Record<WireErrorCode, object>>>;
    challenges?: boolean;
  }
}

/** The route of an endpoint, as the contract declares it, but for its handler. */
export function routeOf<Name extends EndpointName>(name: Name) {
  const { method, path, ...schema } = endpoints[name];
  return { method, url: path, schema: { operationId: name, ...schema } };
}
