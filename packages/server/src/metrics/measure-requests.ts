import { AuthError } from '@authsvc/core';
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import { refusalOf } from '../refusal.ts';
import { createRouteMeter, type Measurements, type RouteMeter } from './measurements.ts';

type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Counts and times the answers of every route that is added from here on, from when its headers were read until it was handed to the system. On the way of a request this
 * is two looks at the clock and three numbers in memory that is there already; Fastify's own timing would hang two listeners on each answer.
 */
export function measureRequests(server: FastifyInstance, measurements: Measurements): void {
  const meterOf = (meter: RouteMeter): onSendHookHandler => {
    const { answers, seconds } = meter;
    return (request, { statusCode }, _payload, done) => {
      answers[statusCode] = (answers[statusCode] as number) + 1;
      seconds.observe((performance.now() - request.arrivedAt) / 1000);
      done();
    };
  };
  const measuring = new Set<unknown>();

  server.decorateRequest('arrivedAt', 0);
  server.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = performance.now();
    done();
  });
  server.addHook('onRoute', (route) => {
    const meter = createRouteMeter(String(route.method), route.url);
    measurements.routes.push(meter);
    const measure = meterOf(meter);
    measuring.add(measure);
    // A route for HEAD comes with the hooks of its GET.
    route.onSend = [...[route.onSend ?? []].flat().filter((hook) => !measuring.has(hook)), measure];
  });
  const measureUnrouted = meterOf(measurements.unrouted);
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.is404) measureUnrouted.call(server, request, reply, payload, done);
    else done();
  });
  server.server.on('clientError', () => {
    measurements.malformed += 1;
  });
}

/** Counts what a handler of errors refuses, by its code, before the handler answers. */
export function countRefusals(measurements: Measurements | undefined, handle: ErrorHandler): ErrorHandler {
  if (!measurements) return handle;
  return (error, request, reply) => {
    measurements.refusals[refusalOf(error).body.code] += 1;
    if (error instanceof AuthError && error.throttled) measurements.throttled[error.throttled] += 1;
    handle(error, request, reply);
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers had been read, in milliseconds of the monotonic clock. */
    arrivedAt: number;
  }
}
