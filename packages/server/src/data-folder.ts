import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What lies where in a data folder. */
export interface DataPaths {
  readonly database: string;
  /** Locked by the daemon that runs on this folder. */
  readonly lock: string;
  /** Where that daemon answers who it is: a Unix socket, on Windows a named pipe. */
  readonly socket: string;
  readonly logFolder: string;
  /** What a daemon in the background logs; older files have `.1`, `.2`, … behind the name. */
  readonly log: string;
  /** What such a daemon says beside its log: nothing, unless Node itself fails. */
  readonly errorOutput: string;
}

/**
 * Where the service keeps its data: `AUTHSVC_DATA_DIR`, or the place that the platform has for it (`$XDG_DATA_HOME/authsvc`, by default
 * `~/.local/share/authsvc`; macOS: `~/Library/Application Support/authsvc`; Windows: `%LOCALAPPDATA%\authsvc`).
 *
 * @returns an absolute path; nothing is looked up or made there.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function resolveDataFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const path = platform === 'win32' ? win32 : posix;
  if (env.AUTHSVC_DATA_DIR) return path.resolve(env.AUTHSVC_DATA_DIR);

  const home = (platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir();
  if (platform === 'win32') return path.join(env.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'authsvc');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'authsvc');
  // The specification tells to ignore a relative path there.
  const dataHome = env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : undefined;
  return path.join(dataHome ?? path.join(home, '.local', 'share'), 'authsvc');
}

/** Names everything in a data folder; nothing is looked up or made there. */
export function dataPaths(dataFolder: string, platform: NodeJS.Platform = process.platform): DataPaths {
  const path = platform === 'win32' ? win32 : posix;
  const logFolder = path.join(dataFolder, 'logs');
  return {
    database: path.join(dataFolder, 'authsvc.db'),
    lock: path.join(dataFolder, 'authsvc.lock'),
    socket:
      platform === 'win32'
        ? `\\\\.\\pipe\\authsvc-${encodeURIComponent(dataFolder.toLowerCase())}`
        : path.join(dataFolder, 'control.sock'),
    logFolder,
    log: path.join(logFolder, 'authsvc.log'),
    errorOutput: path.join(logFolder, 'stderr.log'),
  };
}
