import { setTimeout } from 'node:timers/promises';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import {
  type DaemonBody,
  daemonSilent,
  describeControlFailure,
  findLocalDaemon,
  isFree,
  type LocalDaemonPlace,
  locateDaemon,
} from './local-daemon.ts';

/** The daemon gives itself ten seconds. */
const LONGEST_STOP_MS = 15_000;
const RETRY_MS = 100;
/** A process closes its connections a moment before it is gone; longer is a zombie. */
const LONGEST_EXIT_MS = 1000;

/**
 * Stop the daemon and return once its process has ended. It is asked over the control socket: no
 * pid is trusted, and no signal is sent.
 *
 * @returns the daemon that ended, or `undefined` when none was running.
 * @throws {@link CliError} `daemon_not_stopped`: it did not end in time.
 */
export async function stopDaemon(context: Context): Promise<DaemonBody | undefined> {
  const place = locateDaemon(context);
  const giveUpAt = performance.now() + LONGEST_STOP_MS;
  for (;;) {
    const daemon = await findLocalDaemon(place);
    if (daemon) return await endDaemon(daemon, place);
    if (await isFree(place)) return undefined;
    // It is starting, and will answer soon; or stopping, and will be gone.
    if (performance.now() > giveUpAt) throw daemonSilent(place);
    await setTimeout(RETRY_MS);
  }
}

async function endDaemon(daemon: DaemonBody, place: LocalDaemonPlace): Promise<DaemonBody> {
  const { watchDaemon, requestStop } = await import('@authsvc/client/control');
  const presence = await watchDaemon(place.socket).catch((error: unknown) => {
    throw describeControlFailure(error, place);
  });
  if (!presence) return daemon;
  try {
    // A daemon that ends at once may not answer; the open connection shows its end.
    await requestStop(place.socket).catch(() => undefined);
    const waiting = new AbortController();
    const hasEnded = await Promise.race([
      presence.ended.then(() => true),
      setTimeout(LONGEST_STOP_MS, false, { signal: waiting.signal }).catch(() => false),
    ]);
    waiting.abort();
    if (!hasEnded) throw notEnded(daemon);
    await waitForExit(daemon.pid);
    return daemon;
  } finally {
    presence.release();
  }
}

async function waitForExit(pid: number): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_EXIT_MS;
  while (exists(pid) && performance.now() < giveUpAt) await setTimeout(1);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function notEnded({ pid, data_folder: folder }: DaemonBody): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'daemon_not_stopped',
    what: `The daemon has not ended after ${LONGEST_STOP_MS / 1000} s`,
    why: `Process ${pid} still holds ${folder}.`,
    next: { say: 'End it', command: shell`kill -9 ${pid}` },
  });
}
