import { AuthError } from '@authsvc/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusalOf } from '../refusal.ts';
import { createRouteMeter, type Measurements, type RouteMeter } from './measurements.ts';

type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Counts and times the answers of every route that is added from here on. On the way of a request this is one look at its route, three numbers in memory that is there
 * already, and no clock: Fastify reads that in any case.
 */
export function measureRequests(server: FastifyInstance, measurements: Measurements): void {
  server.addHook('onRoute', (route) => {
    const meter = createRouteMeter(String(route.method), route.url);
    measurements.routes.push(meter);
    route.config = { ...route.config, meter };
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { answers, seconds } = request.routeOptions.config.meter ?? measurements.unrouted;
    const { statusCode } = reply;
    answers[statusCode] = (answers[statusCode] as number) + 1;
    seconds.observe(reply.elapsedTime / 1000);
    done();
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
  interface FastifyContextConfig {
    /** What is counted of this route. */
    readonly meter?: RouteMeter;
  }
}
