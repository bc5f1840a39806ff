import type { IncomingMessage } from 'node:http';
import type { AuthPorts } from '@authsvc/core';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import type { Measurements } from '../metrics/measurements.ts';
import { addPages } from '../pages/pages.ts';
import type { SiteOptions } from '../pages/site.ts';
import { addAboutRoutes, addOpenapiRoute } from '../routes/about.ts';
import { addDeviceRoutes, addNotMeRoute } from '../routes/devices.ts';
import { addFactorRoutes } from '../routes/factors.ts';
import { addAccountRoutes, addProfileRoute } from '../routes/profile.ts';
import { addResetPasswordRoutes } from '../routes/reset-password.ts';
import { addOwnSessionRoutes, addSessionRoutes } from '../routes/sessions.ts';
import { addUserRoutes } from '../routes/users.ts';
import { addWhoamiRoute } from '../routes/whoami.ts';
import { addBodyParsers } from './body-parsers.ts';
import { closeUnread } from './connection-limits.ts';
import { createFastify } from './fastify.ts';
import { createMountPath } from './hosts.ts';
import { createProxies } from './proxies.ts';
import { type RequestRuleOptions, requestRulesFor } from './request-rules.ts';
import { cookieFor } from './session-cookie.ts';

/** What a client may take of us: sizes in bytes, times in milliseconds. */
const LIMITS = { body: 16_384, unreadTimeout: 5000, checkInterval: 1000, connections: 1000 } as const;

export interface ServerOptions extends RequestRuleOptions, SiteOptions, Partial<Pick<Config, 'trustedProxies'>> {
  readonly log: FastifyBaseLogger;
  /** Filled by every request; without it nothing is measured. */
  readonly measurements?: Measurements;
  /** Called once the reply to a request that may owe a mail is on its way. */
  readonly mailOwed?: () => void;
  /** Called before the routes are added, so that hooks see all of them. */
  readonly beforeRoutes?: (server: FastifyInstance) => void;
}

/** Builds the HTTP service over its ports; it does not listen yet. */
export function buildServer(ports: AuthPorts, options: ServerOptions): FastifyInstance {
  const { log, measurements, publicUrl, trustedProxies = [], mailOwed = () => undefined, beforeRoutes } = options;
  const proxies = createProxies(trustedProxies, log);
  const stripMountPath = createMountPath(publicUrl);
  // Without `loggerInstance`: with one, Fastify would hang two listeners on each response.
  const server = createFastify({
    log,
    rules: requestRulesFor(options),
    connections: LIMITS.connections,
    measurements,
    bodyLimit: LIMITS.body,
    trustProxy: proxies.isTrusted,
    ...(stripMountPath && { rewriteUrl: ({ url = '/' }: IncomingMessage) => stripMountPath(url) }),
  });
  server.decorate('proxies', proxies);
  server.decorate('sessionCookie', cookieFor(publicUrl, 'session_id'));
  server.decorate('deviceCookie', cookieFor(publicUrl, 'authsvc_device'));
  closeUnread(server, LIMITS);
  addBodyParsers(server);

  beforeRoutes?.(server);

  addUserRoutes(server, ports, mailOwed);
  addProfileRoute(server, ports);
  addWhoamiRoute(server, ports);
  addResetPasswordRoutes(server, ports, mailOwed);
  addAboutRoutes(server, ports, options, addPages(server, ports, options, mailOwed));
  addOpenapiRoute(server, publicUrl);
  addSessionRoutes(server, ports, mailOwed);
  addOwnSessionRoutes(server, ports);
  addDeviceRoutes(server, ports);
  addNotMeRoute(server, ports);
  addAccountRoutes(server, ports, mailOwed);
  addFactorRoutes(server, ports, { issuer: options.productName ?? 'authsvc', mailOwed });
  return server;
}
