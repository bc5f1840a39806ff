import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ControlSilentError, isConnectionReset } from '@authsvc/client';
import type { DaemonBody as Body } from '@authsvc/client/contract';
import { dataPaths, resolveDataFolder } from '@authsvc/client/folders';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Paint } from '../terminal/paint.ts';

/**
 * Twice as long as a daemon takes to notice that its control socket is missing, and to make
 * another.
 */
const LONGEST_REMAKE_MS = 2000;
const RETRY_MS = 100;

/** What the daemon reports of itself. */
export type DaemonBody = Body;

export type LocalDaemonPlace = ReturnType<typeof locateDaemon>;

/** The paths of this user's daemon, whether or not it runs. */
export function locateDaemon({ env, platform }: Pick<Context, 'env' | 'platform'>) {
  const dataFolder = resolveDataFolder(env, platform);
  return { dataFolder, ...dataPaths(dataFolder, platform) };
}

/**
 * Ask the control socket which daemon runs on the data folder. No pid file is read: what answers is
 * alive.
 *
 * @returns `undefined` when no daemon listens there.
 * @throws {@link CliError} `daemon_silent`: it does not answer. `daemon_forbidden`: it is another
 * user's.
 */
export async function findLocalDaemon(place: LocalDaemonPlace): Promise<DaemonBody | undefined> {
  const { findDaemon } = await import('@authsvc/client/control');
  return await findDaemon(place.socket).catch((error: unknown) => {
    throw describeControlFailure(error, place);
  });
}

/**
 * Wait while a daemon holds the data folder without a control socket: it recreates one that was
 * removed.
 *
 * @throws {@link CliError} `daemon_silent`: it did not in time; names the process.
 */
export async function waitForSocket(place: LocalDaemonPlace): Promise<void> {
  if (process.platform === 'win32') return;
  const giveUpAt = performance.now() + LONGEST_REMAKE_MS;
  while (!existsSync(place.socket) && !(await isFree(place))) {
    if (performance.now() > giveUpAt) throw daemonSilent(place);
    await setTimeout(RETRY_MS);
  }
}

/** Whether no process holds the lock of the data folder. */
export async function isFree({ lock }: LocalDaemonPlace): Promise<boolean> {
  // SQLite keeps this file while the lock is held; without it, core need not be loaded.
  if (!existsSync(`${lock}-journal`)) return true;
  const { acquireFileLock } = await import('@authsvc/core');
  // A lock that cannot be opened is another user's, and the socket will say so.
  const held = await acquireFileLock(lock).catch(() => 'unknown' as const);
  if (held === 'unknown') return true;
  await held?.release();
  return held !== undefined;
}

/** A process holds the data folder and does not answer. */
export function daemonSilent({ dataFolder, lock }: LocalDaemonPlace): CliError {
  const pid = lockHolder(lock);
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_silent',
    what: `${dataFolder} is held by a process that does not open its control socket${pid === undefined ? '' : ` (pid ${pid})`}`,
    why: 'It is starting, stopping or suspended, or its socket was removed.',
    next: pid === undefined ? undefined : { say: 'End it', command: shell`kill ${pid}` },
  });
}

/** The daemon went away during its answer. */
export function daemonLost({ dataFolder }: LocalDaemonPlace, why: string, cause?: unknown): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_lost',
    what: `The daemon of ${dataFolder} was lost in the middle of its answer`,
    why,
    next: { say: 'See why', command: shell`authsvc daemon logs` },
    cause,
  });
}

/** Explain a failure of the control socket; any other error is returned as it is. */
export function describeControlFailure(error: unknown, place: LocalDaemonPlace): unknown {
  if (!(error instanceof Error)) return error;
  const { dataFolder, socket } = place;
  if (isConnectionReset(error)) return daemonLost(place, 'The request may or may not have taken effect.', error);
  if (error instanceof ControlSilentError) {
    return new CliError({
      status: exitStatus.unreachable,
      code: 'daemon_silent',
      what: `The daemon of ${dataFolder} does not answer`,
      why: 'Its control socket is open, but its process hangs, or has been suspended.',
      next: { say: 'See its last log lines', command: shell`authsvc daemon logs` },
      cause: error,
    });
  }
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') {
    return new CliError({
      status: exitStatus.unreachable,
      code: 'daemon_forbidden',
      what: `${socket} belongs to another user`,
      why: 'Only the user who runs a daemon may control it.',
      next: {
        say: 'If none runs there any more, take the folder over',
        command: shell`sudo chown -R "$(id -un)" ${dataFolder}`,
      },
      cause: error,
    });
  }
  return error;
}

/**
 * Find which process holds a lock on a file. The kernel lists it while the lock is held, so the pid
 * cannot have been reused.
 *
 * @returns `undefined` when none does, or when the system does not say.
 * @see proc_locks(5)
 */
function lockHolder(path: string): number | undefined {
  try {
    const { dev, ino } = statSync(path);
    const [major, minor] = [(dev >> 8) & 0xf_ff, (dev & 0xff) | ((dev >> 12) & 0xf_ff_00)];
    const file = `${hex(major)}:${hex(minor)}:${ino}`;
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const [, pid, of] = /^\d+: POSIX +\S+ +\S+ +(\d+) +(\S+)/.exec(line) ?? [];
      // A process of another container has no pid here.
      if (of === file && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // Not on Linux, or the file is gone.
  }
  return undefined;
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}

/** `authsvc 1.1.0 running at http://127.0.0.1:4100 (pid 4121)` */
export function describeDaemon({ version, state, url, pid }: DaemonBody, { bold }: Paint): string {
  return `authsvc ${version} ${state === 'running' ? 'running at' : 'stopping at'} ${bold(url)} (pid ${pid})`;
}

/** A path with `~` for the home folder. */
export function shortPath(path: string, { HOME }: Context['env']): string {
  return HOME && path.startsWith(`${HOME}/`) ? `~${path.slice(HOME.length)}` : path;
}

/** `Data ~/.local/share/authsvc · Logs: authsvc daemon logs` */
export function describePlace({ data_folder: folder }: DaemonBody, env: Context['env'], { cyan }: Paint): string {
  return `Data ${shortPath(folder, env)} · Logs: ${cyan(shell`authsvc daemon logs`)}`;
}
