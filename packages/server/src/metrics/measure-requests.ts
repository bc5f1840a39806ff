import { AuthError } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest, onSendHookHandler } from 'fastify';
import { type ErrorHandler, refusalOf } from '../http/errors.ts';
import { createRouteMeter, type Measurements, type RouteMeter } from './measurements.ts';

/**
 * Counts and times the answers of every route that is added from here on, from when its headers were read until it was handed to the system. On the way of a request this
 * is two looks at the clock and three numbers in memory that is there already; Fastify's own timing would hang two listeners on each answer.
 */
export function measureRequests(server: FastifyInstance, measurements: Measurements): void {
  const meterOf =
    (meter: RouteMeter): onSendHookHandler =>
    (request, { statusCode }, _payload, done) => {
      count(meter, statusCode, request);
      done();
    };
  const measuring = new Set<unknown>();

  server.addHook('onRoute', (route) => {
    const meter = createRouteMeter(String(route.method), route.url);
    measurements.routes.push(meter);
    const measure = meterOf(meter);
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

/** Counts what a handler of errors refuses, by its code, before the handler answers; and with it every request that has no route. */
export function countRefusals(measurements: Measurements | undefined, handle: ErrorHandler): ErrorHandler {
  if (!measurements) return handle;
  return (error, request, reply) => {
    const { status, body } = refusalOf(error);
    measurements.refusals[body.code] += 1;
    // One whose path cannot be read has not arrived.
    if (request.is404 && request.arrivedAt > 0) count(measurements.unrouted, status, request);
    if (error instanceof AuthError && error.throttled) measurements.throttled[error.throttled] += 1;
    handle(error, request, reply);
  };
}
