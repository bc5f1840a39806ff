import type { AuthPolicy, AuthPorts } from '@authsvc/core';
import { createTestAuth, type TestAuth } from '@authsvc/core/testing';
import type { FastifyInstance } from 'fastify';
import { buildServer, type ServerOptions } from '../http/server.ts';
import { createLog } from '../log/log.ts';
import { describedRefusals } from './described-refusals.ts';

export interface TestServer {
  readonly auth: TestAuth;
  readonly server: FastifyInstance;
  /** What was logged, at level trace. */
  readonly logLines: string[];
  close(): Promise<void>;
}

/** The service over a real database and a stopped clock, reached by `inject`. */
export async function createTestServer(
  policy: Partial<AuthPolicy> = {},
  ports: Partial<AuthPorts> = {},
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const auth = await createTestAuth(policy);
  const logLines: string[] = [];
  const logStream = { write: (line: string) => logLines.push(line) };
  const refusals = describedRefusals();
  const server = buildServer(
    { ...auth, ...ports },
    {
      log: createLog('trace', logStream, auth.clock),
      ...options,
      beforeRoutes: (built) => {
        refusals.watch(built);
        options.beforeRoutes?.(built);
      },
    },
  );
  return {
    auth,
    server,
    logLines,
    close: async () => {
      await server.close();
      await auth.close();
      refusals.check();
    },
  };
}
