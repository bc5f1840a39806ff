import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where the command line remembers who is logged in: `$XDG_STATE_HOME/authsvc`, `~/.local/state/authsvc`, or `%LOCALAPPDATA%\authsvc\state`.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ (a relative path in the variable is to be ignored)
 */
export function resolveStateFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = env.HOME || homedir();
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'authsvc', 'state');
  const stateHome = env.XDG_STATE_HOME;
  return join(stateHome && isAbsolute(stateHome) ? stateHome : join(home, '.local', 'state'), 'authsvc');
}
