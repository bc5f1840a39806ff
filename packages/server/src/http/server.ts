import type { IncomingMessage } from 'node:http';
import type { AuthPorts } from '@authsvc/core';
import fastifyCookie from '@fastify/cookie';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Config } from '../config/config.ts';
import { includesAddress } from '../config/network-settings.ts';
import { countRefusals, measureRequests } from '../metrics/measure-requests.ts';
import type { Measurements } from '../metrics/measurements.ts';
import { addAboutRoutes, addOpenapiRoute } from '../routes/about.ts';
import { addAccountRoutes, addProfileRoute } from '../routes/profile.ts';
import { addResetPasswordRoutes } from '../routes/reset-password.ts';
import { addOwnSessionRoutes, addSessionRoutes } from '../routes/sessions.ts';
import { addUserRoutes } from '../routes/users.ts';
import { addWhoamiRoute } from '../routes/whoami.ts';
import { addBodyParsers } from './body-parsers.ts';
import { closeUnread } from './connection-limits.ts';
import { addNotFoundHandler, createClientErrorHandler, handleError } from './errors.ts';
import { type ExposureOptions, exposureOf } from './exposure.ts';
import { lazySchemas } from './fastify.ts';
import { createUnnamedLoginWatch, readClientAddress } from './proxies.ts';
import { addRequestRules, createFrameworkErrorHandler } from './request-rules.ts';

/** What a client may take of us: sizes in bytes, times in milliseconds. Node looks after the times once a second. */
const LIMITS = {
  body: 16_384,
  headers: 16_384,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  unreadTimeout: 5000,
  checkInterval: 1000,
  connections: 1000,
} as const;

export interface ServerOptions extends ExposureOptions, Partial<Pick<Config, 'trustedProxies'>> {
  readonly log: FastifyBaseLogger;
  /** Filled by every request; without it nothing is measured. */
  readonly measurements?: Measurements;
  /** Called once the reply to a request that may owe a mail is on its way. */
  readonly mailOwed?: () => void;
  /** Looks on while the routes are added. */
  readonly beforeRoutes?: (server: FastifyInstance) => void;
}

/** Builds the HTTP service over its ports; it listens to nobody yet. */
export function buildServer(ports: AuthPorts, options: ServerOptions): FastifyInstance {
  const { log, measurements, trustedProxies = [], mailOwed = () => undefined, beforeRoutes } = options;
  const exposure = exposureOf(options);
  const { unmount } = exposure;
  const isTrusted = includesAddress(trustedProxies);
  const server = fastify({
    logController: new LogController({ disableRequestLogging: true }),
    // Requests are not logged one by one: none needs a logger of its own, nor the listeners with which Fastify's own logger would time it.
    childLoggerFactory: () => log,
    ...(unmount && { rewriteUrl: ({ url = '/' }: IncomingMessage) => unmount(url) }),
    trustProxy: (address) => isTrusted(readClientAddress(address) ?? ''),
    bodyLimit: LIMITS.body,
    requestTimeout: LIMITS.requestTimeout,
    keepAliveTimeout: LIMITS.keepAliveTimeout,
    http: {
      insecureHTTPParser: false,
      // Said by us, like every other refusal.
      requireHostHeader: false,
      maxHeaderSize: LIMITS.headers,
      headersTimeout: LIMITS.headersTimeout,
      connectionsCheckingInterval: LIMITS.checkInterval,
    },
    // What reaches an open connection while the service closes is still answered.
    return503OnClosing: false,
    schemaController: lazySchemas,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: true } },
    frameworkErrors: countRefusals(measurements, createFrameworkErrorHandler(exposure)),
    clientErrorHandler: createClientErrorHandler(exposure.headers),
  });
  server.server.maxConnections = LIMITS.connections;

  server.decorate('silentProxies', new Set<string>());
  closeUnread(server, LIMITS);
  addRequestRules(server, exposure, { timed: measurements !== undefined });
  if (measurements) measureRequests(server, measurements);
  server.setErrorHandler(countRefusals(measurements, handleError));
  addNotFoundHandler(server);
  addBodyParsers(server);

  beforeRoutes?.(server);

  addUserRoutes(server, ports);
  addProfileRoute(server, ports);
  addWhoamiRoute(server, ports);
  addResetPasswordRoutes(server, ports, mailOwed);
  addAboutRoutes(server, ports);
  // Only these set cookies; the others are spared the look for some in each answer.
  server.register((scope, _options, done) => {
    scope.register(fastifyCookie, { hook: false });
    addSessionRoutes(scope, ports, createUnnamedLoginWatch(trustedProxies));
    addOwnSessionRoutes(scope, ports);
    addAccountRoutes(scope, ports);
    done();
  });
  addOpenapiRoute(server, options.publicUrl);
  return server;
}
