import type { DaemonBody as Body } from '@authsvc/server/control-contract';
import { type DataPaths, dataPaths, resolveDataFolder } from '@authsvc/server/data-folder';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { exitStatus } from '../exit-status.ts';

/** As the daemon says it of itself. */
export type DaemonBody = Body;

export interface LocalDaemonPlace extends DataPaths {
  readonly dataFolder: string;
}

/** Where the daemon of this user's environment lives, whether or not it runs. */
export function locateDaemon({ env, platform }: Pick<Context, 'env' | 'platform'>): LocalDaemonPlace {
  const dataFolder = resolveDataFolder(env, platform);
  return { dataFolder, ...dataPaths(dataFolder, platform) };
}

/**
 * Asks the control socket who runs on the data folder. No pid file is read: what answers is alive.
 *
 * @returns `undefined` when no daemon listens there.
 * @throws {@link CliError} `daemon_silent`: one holds the socket and does not answer. `daemon_forbidden`: it is another user's.
 */
export async function findLocalDaemon(place: LocalDaemonPlace): Promise<DaemonBody | undefined> {
  const { findDaemon } = await import('@authsvc/server/control-client');
  return await findDaemon(place.socket).catch((error: unknown) => {
    throw describeControlFailure(error, place);
  });
}

/** What a failure at the control socket means to a person; anything else is returned as it is. */
export function describeControlFailure(error: unknown, { dataFolder, socket }: LocalDaemonPlace): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'ControlSilentError') {
    return new CliError({
      status: exitStatus.unreachable,
      code: 'daemon_silent',
      what: `The daemon of ${dataFolder} does not answer`,
      why: 'Its control socket is open, but its process hangs, or has been suspended.',
      next: { say: 'Look at its last words', command: 'authsvc daemon logs' },
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
      cause: error,
    });
  }
  return error;
}
