import type { AuthPorts } from '@authsvc/core';
import type { FastifyBaseLogger } from 'fastify';
import type { Backups } from '../data-folder/backups.ts';
import { addBodyParsers } from '../http/body-parsers.ts';
import { createFastify } from '../http/fastify.ts';
import { trackInFlight } from '../http/shut-down.ts';
import type { FindPages } from '../mail/links.ts';
import { addMetricsRoute } from '../metrics/listener.ts';
import type { MetricSources } from '../metrics/metrics.ts';
import { addBackupRoutes, addDaemonRoutes, type DaemonControl } from './daemon.ts';
import { addEventRoutes } from './events.ts';
import { addUserFileRoutes } from './import-export.ts';
import { addUserControlRoutes } from './users.ts';

/** What stands behind the control socket: the use cases, and the daemon itself. */
export interface ControlPorts extends AuthPorts {
  readonly daemon: DaemonControl;
  readonly backups: Backups;
  readonly metrics: MetricSources;
  readonly findPages: FindPages;
  /** Called once the answer to a request that owes a mail is on its way. */
  readonly mailOwed: () => void;
}

/**
 * Builds the service behind the control socket. Anyone who can open the socket may do everything,
 * so it belongs to the user who runs the daemon, and never listens on a network.
 *
 * @returns the server, and `drain`: it waits until all requests are answered, except those that
 * watch the daemon's presence, but no longer than a number of milliseconds.
 */
export function buildControlServer(ports: ControlPorts, log: FastifyBaseLogger) {
  const server = createFastify({ log, loggerInstance: log });
  const drain = trackInFlight(server);

  addBodyParsers(server);
  addDaemonRoutes(server, ports);
  addUserControlRoutes(server, ports);
  addUserFileRoutes(server, ports);
  addEventRoutes(server, ports);
  addBackupRoutes(server, ports);
  addMetricsRoute(server, ports.metrics);
  return { server, drain };
}
