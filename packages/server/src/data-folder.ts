import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** The file in the data folder that says who runs there; a {@link RunningInstance} as JSON. */
export const INSTANCE_FILE = 'authsvc.json';

/** The daemon that holds a data folder. */
export interface RunningInstance {
  readonly pid: number;
  readonly url: string;
  /** When it began to listen: ISO 8601, UTC. */
  readonly started_at: string;
  readonly version: string;
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
