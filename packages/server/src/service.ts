import type { AddressInfo } from 'node:net';
import type { DaemonBody, DaemonWarning } from '@authsvc/client/contract';
import { dataPaths } from '@authsvc/client/folders';
import {
  type AuthPolicy,
  type AuthPorts,
  type BcryptHasher,
  createAttemptsInFlight,
  createBcryptHasher,
  createKnexStore,
  loadCommonPasswords,
  type Store,
  systemClock,
  systemRandom,
} from '@authsvc/core';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from './config/config.ts';
import { findPagesUrl } from './config/page-settings.ts';
import { weakenedSettings } from './config/rules.ts';
import { buildControlServer } from './control/server.ts';
import { assertSocketPathFits, openControlSocket } from './control/socket.ts';
import { createBackups } from './data-folder/backups.ts';
import { openDataFolder } from './data-folder/lock-data-folder.ts';
import { openDatabase } from './data-folder/open-database.ts';
import { startHousekeeping } from './housekeeping.ts';
import { refusalOfListening, urlOf } from './http/listening.ts';
import { buildServer } from './http/server.ts';
import { prepareShutDown } from './http/shut-down.ts';
import { createLog, type LogStream, logEvent } from './log/log.ts';
import { openRotatingLog } from './log/rotating-log.ts';
import { createMailDispatcher } from './mail/dispatcher.ts';
import { createMailer } from './mail/mailer.ts';
import { openMetricsListener } from './metrics/listener.ts';
import { measureStore } from './metrics/measure-store.ts';
import { createMeasurements } from './metrics/measurements.ts';
import { monitorEventLoop } from './metrics/process.ts';
import { settleNextTick } from './settle-next-tick.ts';
import { VERSION } from './version.ts';

/** How long requests in flight may take at shutdown, so that all of it stays under 10 s. */
const CLOSE_GRACE_MS = 8500;
/** Requests that still wait for a hash by then are refused, while there is time to respond. */
const GIVE_UP_HASHING_AFTER_MS = 6000;

/** From this machine, a listener on every address is reached at loopback. */
const REACHED_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export interface ServiceOptions {
  /** Where the log goes; left out, to the rotated file in the data folder. */
  readonly logStream?: LogStream;
}

export interface RunningService {
  readonly url: string;
  readonly log: FastifyBaseLogger;
  /** Resolves at a request to stop over the control socket; the caller then closes the service. */
  readonly stopRequested: Promise<void>;
  /** Who it is, as the control socket says it. */
  describe(): DaemonBody;
  /**
   * Stops accepting, answers requests in flight (8.5 s at most), stores what is pending, and
   * releases the data folder.
   */
  close(): Promise<void>;
}

/**
 * Starts the service: takes its data folder, opens and migrates its database, and listens.
 *
 * @throws {@link StartRefusedError} and core's `DatabaseRefusedError`, one sentence each. Nothing
 * is left open.
 */
export async function startService(config: Config, options: ServiceOptions = {}): Promise<RunningService> {
  settleNextTick();
  const paths = dataPaths(config.dataFolder);
  assertSocketPathFits(paths.socket);
  let state: DaemonBody['state'] = 'running';
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    state = 'stopping';
    const failures: unknown[] = [];
    // The lock is released even if something else fails.
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the service could not close as it should');
  };

  try {
    const lock = await openDataFolder(config);
    closers.push(lock.release);

    let { logStream } = options;
    if (!logStream) {
      const logFile = openRotatingLog(paths.log, config.logFileMaxBytes);
      closers.push(logFile.close);
      logStream = logFile;
    }
    const log = createLog(config.logLevel, logStream, systemClock);

    // Closed after all but the log and the lock, so that `daemon status` still answers during
    // shutdown.
    let closeControl = (): void => undefined;
    closers.push(() => closeControl());

    const warnings: DaemonWarning[] = [...config.warnings, ...weakenedSettings(config)];
    const { database, createSessions } = await openDatabase(config, log, (warning) => warnings.push(warning));
    closers.push(database.close);
    await database.migrate();

    const measurements = createMeasurements();
    const eventLoop = monitorEventLoop();
    closers.push(eventLoop.stop);
    const hasher = createBcryptHasher({
      cost: config.bcryptCost,
      onHashed: ({ waitMs, hashMs }) => {
        measurements.hashWaitSeconds.observe(waitMs / 1000);
        measurements.hashSeconds.observe(hashMs / 1000);
      },
    });
    closers.push(hasher.close);

    const store = createKnexStore(database, {
      ...measureStore(measurements),
      onEvent: (event) => {
        measurements.events[event.type] += 1;
        logEvent(log, event);
      },
      onStaleSessions: (stale) => sessions.forget(stale),
      onListenerError: (err) => log.error({ err }, 'a change was stored, and could not be reported'),
    });
    const emailVerification = await decideEmailVerification(config, store);
    if (emailVerification !== config.emailVerification) {
      warnings.push(keptOff);
      log.warn({ event: keptOff.event }, keptOff.message);
    }
    const policy = policyOf(config, emailVerification);
    const sessions = createSessions(store, {
      idleMs: policy.lifetimes.idleMs,
      onFlushError: (err) => log.error({ err }, 'the last uses of sessions could not be stored yet'),
    });
    closers.push(sessions.close);

    const findPages = () => findPagesUrl(config, url);
    const ports: AuthPorts = {
      mailer: createMailer(config, findPages),
      clock: systemClock,
      random: systemRandom,
      commonPasswords: loadCommonPasswords(),
      hasher,
      attempts: createAttemptsInFlight(),
      store,
      sessions,
      policy,
    };
    const mails = createMailDispatcher(ports, (err) => {
      log.error({ err }, 'the mails that are owed could not be looked up; tried again shortly');
    });
    const server = buildServer(ports, { ...config, log, measurements, mailOwed: mails.wake });
    const closeServer = prepareShutDown(server, {
      hurryAfterMs: GIVE_UP_HASHING_AFTER_MS,
      hurry: hasher.giveUp,
      graceMs: CLOSE_GRACE_MS,
    });
    let drainControl = async (): Promise<void> => undefined;
    closers.push(async () => {
      // At the same time: one after the other would take as long as both.
      await Promise.all([closeServer(), drainControl(), mails.stop()]);
    });
    const url = await listen(server, config);
    mails.wake();
    const metrics = { measurements, hasher, sessions, store, eventLoop };
    if (config.metricsAddress) {
      closers.push(await openMetricsListener(config.metricsAddress, metrics, log));
    }

    const startedAt = new Date(systemClock.now()).toISOString();
    const describe = (): DaemonBody => ({
      state,
      pid: process.pid,
      version: VERSION,
      url,
      data_folder: config.dataFolder,
      started_at: startedAt,
      database: config.database.name,
      log_file: options.logStream ? null : paths.log,
    });
    let requestStop = (): void => undefined;
    const stopRequested = new Promise<void>((resolve) => {
      requestStop = resolve;
    });
    const backups = createBackups({
      database,
      sqlitePath: config.database.kind === 'sqlite' ? config.database.path : undefined,
      recordPath: paths.backups,
      clock: systemClock,
      onUnrecorded: (err) => log.error({ err }, 'a backup was made, and could not be noted in the data folder'),
    });
    const daemon = { describe, warnings, requestStop };
    const control = buildControlServer({ ...ports, backups, metrics, findPages, mailOwed: mails.wake, daemon }, log);
    // Last of all, so that a daemon that answers here can also be used.
    closeControl = await openControlSocket(control.server, paths.socket);
    drainControl = () => control.drain(CLOSE_GRACE_MS);
    closers.push(startHousekeeping(ports, log));
    // After the start is announced: only a login at this very moment waits for the workers.
    const soon = setImmediate(startWorkers, hasher, log);
    closers.push(() => clearImmediate(soon));
    log.info({ url, version: VERSION }, 'listening');
    for (const { event, message } of config.warnings) log.warn({ event }, message);
    return { url, log, stopRequested, describe, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startWorkers(hasher: BcryptHasher, log: FastifyBaseLogger): void {
  hasher.start().catch((err) => log.error({ err }, 'the workers that hash passwords could not be started yet'));
}

const keptOff: DaemonWarning = {
  event: 'email_verification_kept_off',
  message:
    'this database has accounts from before AUTHSVC_EMAIL_VERIFICATION, so addresses are not proven: set it to required, or to off to keep it so',
};

/** What was chosen, or what the database stays with; otherwise the default. */
async function decideEmailVerification(
  { emailVerification, isDefaultEmailVerification }: Config,
  store: Store,
): Promise<Config['emailVerification']> {
  const kept = isDefaultEmailVerification ? await store.findDefault('email_verification') : undefined;
  return kept === 'off' ? 'off' : emailVerification;
}

function policyOf(config: Config, emailVerification: Config['emailVerification']): AuthPolicy {
  return {
    password: { minLength: config.passwordMinLength },
    lifetimes: { idleMs: config.sessionIdleSeconds * 1000, lifetimeMs: config.sessionLifetimeSeconds * 1000 },
    resetTokenMs: config.resetTokenSeconds * 1000,
    eventRetentionMs: config.auditRetentionDays * 86_400_000,
    resetDelivery: config.resetDelivery,
    registration: config.registration,
    emailVerification,
    sendsMail: config.smtpUrl !== undefined || config.mailFolder !== undefined,
    // With a public URL, requests from here may come through a proxy that does not say so.
    throttleLoopback: config.publicUrl !== undefined,
    loginsPerMinute: config.loginsPerMinute,
    registrationsPerMinute: config.registrationsPerMinute,
    resetsPerMinute: config.resetsPerMinute,
  };
}

async function listen(server: FastifyInstance, { listenHost: host, listenPort: port }: Config): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    throw await refusalOfListening(host, port, cause);
  }
  return urlOf(REACHED_AT[host] ?? host, (server.server.address() as AddressInfo).port);
}
