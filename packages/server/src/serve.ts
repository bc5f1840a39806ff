import type { DaemonBody } from '@authsvc/client/contract';
import { StartRefusedError } from '@authsvc/client/folders';
import { DatabaseRefusedError } from '@authsvc/core';
import { ConfigError, loadConfig } from './config/config.ts';
import { printable } from './log/log.ts';
import { ignoreFailures, openStandardLog } from './log/standard-log.ts';
import { type RunningService, startService } from './service.ts';

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

export interface ServeOptions {
  /** `stderr` in the foreground; `file` for the rotated log in the data folder. */
  readonly logTo?: 'stderr' | 'file';
  /** Turns each JSON line for standard error into one for people, without a line break. */
  readonly renderLine?: (line: string) => string;
  /** Called once it listens; by default prints `authsvc listening on <url>` to stdout. */
  readonly announce?: (daemon: DaemonBody) => void;
}

/**
 * Runs the daemon in this process until SIGTERM, SIGINT, SIGHUP (a closed terminal), or a request
 * to stop over the control socket. The settings come from the environment.
 *
 * @returns the exit status: 0 stopped as requested, 1 could not start or stop, 2 invalid settings.
 * The reason is on stderr.
 */
export async function runServe(options: ServeOptions = {}): Promise<number> {
  const { logTo = 'stderr', announce = announceOnStdout, renderLine } = options;
  // Before any file is created: no other user of this machine may read what the daemon writes.
  process.umask(0o077);
  for (const output of [process.stdout, process.stderr]) ignoreFailures(output);
  let service: RunningService;
  try {
    service = await startService(
      loadConfig(process.env),
      logTo === 'file' ? {} : { logStream: openStandardLog(renderLine) },
    );
  } catch (error) {
    return refuse(error);
  }
  const { log, stopRequested } = service;
  process.on('uncaughtExceptionMonitor', (err) => log.fatal({ event: 'crashed', err }, 'the daemon ends by an error'));
  const signal = nextStopSignal();
  announce(service.describe());
  const by = await Promise.race([signal, stopRequested.then(() => 'control socket')]);
  log.info({ event: 'stopping', by }, 'stopping');
  try {
    await service.close();
    return EXIT_DONE;
  } catch (error) {
    return refuse(error);
  }
}

function announceOnStdout({ url }: DaemonBody): void {
  process.stdout.write(`authsvc listening on ${url}\n`);
}

/** Resolves at the first signal to stop. From then on a signal ends the process at once. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      for (const one of STOP_SIGNALS) process.off(one, stop);
      resolve(signal);
    };
    for (const one of STOP_SIGNALS) process.on(one, stop);
  });
}

function refuse(error: unknown): number {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) process.stderr.write(`authsvc: ${problem}\n`);
    return EXIT_USAGE;
  }
  const isForeseen = error instanceof StartRefusedError || error instanceof DatabaseRefusedError;
  const text = isForeseen || !(error instanceof Error) ? String((error as Error).message ?? error) : error.stack;
  // It may name what is not ours, such as the program that holds the port.
  process.stderr.write(`authsvc: ${String(text).split('\n').map(printable).join('\n')}\n`);
  return EXIT_FAILED;
}
