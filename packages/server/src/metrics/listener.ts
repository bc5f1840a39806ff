import { StartRefusedError } from '@authsvc/client/folders';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { isLoopbackHost, type ListenAddress } from '../config/network-settings.ts';
import { createFastify } from '../http/fastify.ts';
import { requestRulesFor } from '../http/request-rules.ts';
import type { MetricSources } from './metrics.ts';

const MOST_CONNECTIONS = 20;

/**
 * Serves the metrics, and nothing else, on an address of their own. On loopback it answers only to
 * this machine's own names, so that no web page reaches it.
 *
 * @returns what stops it.
 * @throws {@link StartRefusedError} the address cannot be listened on.
 */
export async function openMetricsListener(
  { host, port }: ListenAddress,
  sources: MetricSources,
  log: FastifyBaseLogger,
): Promise<() => Promise<void>> {
  const rules = requestRulesFor({});
  // Beyond loopback, a collector may use a name that only its network knows.
  const hosts = isLoopbackHost(host) ? rules.hosts : { ...rules.hosts, isOwnHost: () => true };
  const server = createFastify({
    log,
    loggerInstance: log,
    rules: { ...rules, hosts },
    connections: MOST_CONNECTIONS,
    forceCloseConnections: true,
  });
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
  return () => server.close();
}

/** Adds `GET /metrics`. The renderer is loaded at the first request. */
export function addMetricsRoute(server: FastifyInstance, sources: MetricSources): void {
  server.get('/metrics', async (_request, reply) => {
    const { renderMetrics } = await import('./render.ts');
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return renderMetrics(sources);
  });
}
