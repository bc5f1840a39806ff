import { createTestAuth, type TestAuth } from '@authsvc/core/testing';
import { type FastifyBaseLogger, type FastifyInstance, fastify } from 'fastify';
import { buildControlServer, type ControlPorts } from '../control/server.ts';
import { createMeasurements } from '../metrics/measurements.ts';

export interface TestControlServer {
  readonly auth: TestAuth;
  readonly server: FastifyInstance;
  /** What was logged as an error. */
  readonly errors: unknown[];
  close(): Promise<void>;
}

/** The control socket's server over a real database and a stopped clock, reached by `inject`. */
export async function createTestControlServer(
  ports: Partial<ControlPorts> = {},
  auth?: TestAuth,
): Promise<TestControlServer> {
  const own = auth ?? (await createTestAuth());
  const errors: unknown[] = [];
  const log = fastify({ logger: { level: 'error', stream: { write: (line) => errors.push(JSON.parse(line)) } } }).log;
  const notAsked = () => {
    throw new Error('not asked for here');
  };
  const daemon = {
    describe: notAsked,
    requestStop: () => undefined,
    warnings: [],
  };
  const metrics = {
    measurements: createMeasurements(),
    hasher: { load: () => ({ waiting: 0, working: 0 }) },
    sessions: own.sessions,
    store: own.store,
    eventLoop: { take: () => ({ median: 0, p99: 0, max: 0 }) },
  };
  const backups = { to: notAsked, into: notAsked };
  const findPages = () => new URL('http://127.0.0.1:4100');
  const { server } = buildControlServer(
    { ...own, backups, daemon, metrics, findPages, mailOwed: () => undefined, ...ports },
    log satisfies FastifyBaseLogger,
  );
  return {
    auth: own,
    server,
    errors,
    close: async () => {
      await server.close();
      if (!auth) await own.close();
    },
  };
}
