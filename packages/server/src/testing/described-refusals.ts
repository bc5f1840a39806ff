import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

interface Description {
  readonly paths: Readonly<
    Record<string, Record<string, { responses: Record<string, { $ref?: string }> } | undefined> | undefined>
  >;
}

const { paths } = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as Description;

/**
 * Compares what a server answers with openapi.json, so that no test meets a refusal that is not in
 * it.
 */
export function describedRefusals() {
  const missing = new Set<string>();
  return {
    watch: (server: FastifyInstance): void => {
      server.addHook('onSend', async (request, reply, payload) => {
        const path = request.routeOptions.url?.replaceAll(/:(\w+)/g, '{$1}') ?? '';
        const operation = paths[path]?.[request.method.toLowerCase()];
        if (!operation || reply.statusCode < 400) return;
        // An answer is named after its codes.
        const name = operation.responses[reply.statusCode]?.$ref?.replace('#/components/responses/', '');
        const { code } = JSON.parse(String(payload)) as { code: string };
        if (!name?.split('.').includes(code)) missing.add(`${request.method} ${path}: ${reply.statusCode} ${code}`);
      });
    },
    /** @throws Error: something was answered that the description does not name. */
    check: (): void => {
      if (missing.size > 0) throw new Error(`openapi.json does not name ${[...missing].join(', ')}`);
    },
  };
}
