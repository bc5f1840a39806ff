import { AuthError } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest, onSendHookHandler } from 'fastify';
import { type ErrorHandler, refusalOf } from '../http/errors.ts';
import { createRouteMeter, type Measurements, type RouteMeter } from './measurements.ts';

/**
 * Counts and times the responses of every route that is added from here on, from when the headers
 * were read until the response is handed to the system. For a request that is two readings of the
 * clock and three numbers; Fastify's own timing would hang two listeners on each response.
 */
export function measureRequests(server: FastifyInstance, measurements: Measurements): void {
  const measuring = new Set<unknown>();

  server.addHook('onRoute', (route) => {
    const meter = createRouteMeter(String(route.method), route.url);
    measurements.routes.push(meter);
    const measure: onSendHookHandler = (request, { statusCode }, _payload, done) => {
      count(meter, statusCode, request);
      done();
    };
    measuring.add(measure);
    // A route for HEAD comes with the hooks of its GET.
    route.onSend = [...[route.onSend ?? []].flat().filter((hook) => !measuring.has(hook)), measure];
  });
  server.server.on('clientError', () => {
    measurements.malformed += 1;
  });
}

function count({ answers, seconds }: RouteMeter, status: number, { arrivedAt }: FastifyRequest): void {
  answers[status] = (answers[status] as number) + 1;
  seconds.observe((performance.now() - arrivedAt) / 1000);
}

/** Counts refusals by code, and requests without a route, before the error handler responds. */
export function countRefusals(measurements: Measurements | undefined, handle: ErrorHandler): ErrorHandler {
  if (!measurements) return handle;
  return (error, request, reply) => {
    const { status, body } = refusalOf(error);
    measurements.refusals[body.code] += 1;
    // No arrival is recorded for a request whose path cannot be read.
    if (request.is404 && request.arrivedAt > 0) count(measurements.unrouted, status, request);
    if (error instanceof AuthError && error.throttled) measurements.throttled[error.throttled] += 1;
    handle(error, request, reply);
  };
}
