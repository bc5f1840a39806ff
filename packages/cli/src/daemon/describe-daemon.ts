import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import type { Paint } from '../paint.ts';
import type { DaemonBody } from './local-daemon.ts';

/** `authsvc 1.0.0 running at http://127.0.0.1:4100 (pid 4121)` */
export function describeDaemon({ version, state, url, pid }: DaemonBody, { bold }: Paint): string {
  return `authsvc ${version} ${state === 'running' ? 'running at' : 'stopping at'} ${bold(url)} (pid ${pid})`;
}

/** A path as a person writes it: the home folder as `~`. */
export function shortPath(path: string, { HOME }: Context['env']): string {
  return HOME && path.startsWith(`${HOME}/`) ? `~${path.slice(HOME.length)}` : path;
}

/** `Data ~/.local/share/authsvc · Logs: authsvc daemon logs` */
export function describePlace({ data_folder: folder }: DaemonBody, env: Context['env'], { cyan }: Paint): string {
  return `Data ${shortPath(folder, env)} · Logs: ${cyan(shell`authsvc daemon logs`)}`;
}
