import type { AddressInfo } from 'node:net';
import { StartRefusedError } from '@authsvc/client/folders';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { isLoopbackHost, type ListenAddress } from '../config/network-settings.ts';
import { addNotFoundHandler, createClientErrorHandler, handleError } from '../http/errors.ts';
import { exposureOf } from '../http/exposure.ts';
import { lazySchemas } from '../http/fastify.ts';
import { addRequestRules, createFrameworkErrorHandler } from '../http/request-rules.ts';
import type { MetricSources } from './metrics.ts';

/** What a client may take of it: sizes in bytes, times in milliseconds. */
const LIMITS = { headers: 16_384, headersTimeout: 5000, requestTimeout: 10_000, checkInterval: 1000, connections: 20 };

export interface MetricsListener {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the metrics, and nothing else, on an address of their own. On loopback it answers to the names of this machine alone, as everything on loopback does, so that no web page reaches it.
 *
 * @throws {@link StartRefusedError} the address cannot be listened on.
 */
export async function openMetricsListener(
  { host, port }: ListenAddress,
  sources: MetricSources,
  log: FastifyBaseLogger,
): Promise<MetricsListener> {
  const exposure = exposureOf({});
  // Beyond loopback, whoever collects them calls this machine by a name that only the network knows.
  const names = isLoopbackHost(host) ? exposure.names : { ...exposure.names, isOwnHost: () => true };
  const rules = { ...exposure, names };
  const server = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    requestTimeout: LIMITS.requestTimeout,
    keepAliveTimeout: LIMITS.headersTimeout,
    forceCloseConnections: true,
    http: {
      requireHostHeader: false,
      maxHeaderSize: LIMITS.headers,
      headersTimeout: LIMITS.headersTimeout,
      connectionsCheckingInterval: LIMITS.checkInterval,
    },
    schemaController: lazySchemas,
    frameworkErrors: createFrameworkErrorHandler(rules),
    clientErrorHandler: createClientErrorHandler(rules.headers),
  });
  server.server.maxConnections = LIMITS.connections;
  addRequestRules(server, rules, { timed: false });
  server.setErrorHandler(handleError);
  addNotFoundHandler(server);
  addMetricsRoute(server, sources);
  const shown = host.includes(':') ? `[${host}]` : host;
  try {
    await server.listen({ host, port, listenTextResolver: (address) => `metrics at ${address}/metrics` });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = { EADDRINUSE: 'another program listens there', EADDRNOTAVAIL: 'this machine does not have it' };
    const why = reason[code as keyof typeof reason] ?? message;
    throw new StartRefusedError(`cannot listen on AUTHSVC_METRICS_ADDRESS ${shown}:${port}: ${why}`, { cause });
  }
  const { port: taken } = server.server.address() as AddressInfo;
  return { url: `http://${shown}:${taken}/metrics`, close: () => server.close() };
}

/** `GET /metrics`. What tells them is loaded when somebody asks for the first time. */
export function addMetricsRoute(server: FastifyInstance, sources: MetricSources): void {
  server.get('/metrics', async (_request, reply) => {
    const { renderMetrics } = await import('./render.ts');
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return renderMetrics(sources);
  });
}
