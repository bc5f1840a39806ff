import type { FastifyInstance } from 'fastify';
import type { MetricSources } from './metric.ts';

/** `GET /metrics`. What tells them is loaded when somebody asks for the first time. */
export function addMetricsRoute(server: FastifyInstance, sources: MetricSources): void {
  server.get('/metrics', async (_request, reply) => {
    const { renderMetrics } = await import('./render-metrics.ts');
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return renderMetrics(sources);
  });
}
