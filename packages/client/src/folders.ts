import { accessSync, constants, existsSync, lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, posix, sep, win32 } from 'node:path';
import { type ShellCommand, shell } from './shell-command.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The paths in a data folder. */
export interface DataPaths {
  readonly database: string;
  /** Locked by the daemon that runs on this folder. */
  readonly lock: string;
  /** The daemon's control socket: a Unix socket, on Windows a named pipe. */
  readonly socket: string;
  /** What the folder knows of the backups that were made of its database. */
  readonly backups: string;
  readonly logFolder: string;
  /** Log of a background daemon; rotated files end in `.1`, `.2`, … */
  readonly log: string;
  /** Its standard error: empty unless Node itself fails. */
  readonly errorOutput: string;
}

/**
 * Resolve the data folder: `AUTHSVC_DATA_DIR`, or the platform's default.
 *
 * Linux: `$XDG_DATA_HOME/authsvc`, by default `~/.local/share/authsvc`. macOS:
 * `~/Library/Application Support/authsvc`. Windows: `%LOCALAPPDATA%\authsvc`.
 *
 * @returns an absolute path; nothing is read or created there.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function resolveDataFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const path = platform === 'win32' ? win32 : posix;
  if (env.AUTHSVC_DATA_DIR) return path.resolve(env.AUTHSVC_DATA_DIR);

  const home = (platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir();
  if (platform === 'win32') return path.join(env.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'authsvc');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'authsvc');
  // The specification says to ignore a relative path.
  const dataHome = env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : undefined;
  return path.join(dataHome ?? path.join(home, '.local', 'share'), 'authsvc');
}

/** List the paths in a data folder; nothing is read or created there. */
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
    backups: path.join(dataFolder, 'backups.json'),
    logFolder,
    log: path.join(logFolder, 'authsvc.log'),
    errorOutput: path.join(logFolder, 'stderr.log'),
  };
}

/**
 * Resolve the folder in which the command line remembers who is logged in.
 *
 * `$XDG_STATE_HOME/authsvc`, by default `~/.local/state/authsvc`; Windows:
 * `%LOCALAPPDATA%\authsvc\state`.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ (ignores relative paths)
 */
export function resolveStateFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = env.HOME || homedir();
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'authsvc', 'state');
  const stateHome = env.XDG_STATE_HOME;
  return join(stateHome && isAbsolute(stateHome) ? stateHome : join(home, '.local', 'state'), 'authsvc');
}

/** Why the daemon does not start, in one sentence. */
export class StartRefusedError extends Error {
  override readonly name = 'StartRefusedError';
}

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Create the data folder with mode 0700, or check that the existing one can be used.
 *
 * @param isDefault whether it is the default folder: then its parents are created too
 * @throws {@link StartRefusedError} cannot be created, is not a folder, or others can write to it
 */
export function makeDataFolder(path: string, isDefault: boolean): void {
  const stats = statIfThere(path);
  if (!stats) {
    // A folder that was configured may be on a disk that is not mounted.
    if (!isDefault && !existsSync(dirname(path))) {
      throw new StartRefusedError(`the data folder ${path} cannot be made: there is no folder ${dirname(path)}`);
    }
    // Recursive in either case: another start may have created it meanwhile.
    attempt(`the data folder ${path} cannot be made`, path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
    return;
  }
  if (!stats.isDirectory()) throw new StartRefusedError(`the data folder ${path} is not a folder`);
  if (process.platform !== 'win32' && (stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    const command = shell`chmod 700 ${path}`;
    throw new StartRefusedError(
      `the data folder ${path} can be written to by other users; close it to them with: ${command}`,
    );
  }
  assertOwn('the data folder', path, stats);
  attempt(`the data folder ${path} cannot be written to`, path, () =>
    accessSync(path, constants.W_OK | constants.X_OK),
  );
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    // Not `throwIfNoEntry`: from Node 22 on it also hides that a folder above is a file.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refusalOfSystem(`the data folder ${path} cannot be reached`, cause, path);
  }
}

function attempt<Result>(sentence: string, path: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw refusalOfSystem(sentence, cause, path);
  }
}

/**
 * The refusal to start because the system refused something with a path: a sentence, the reason,
 * and the command that helps.
 */
export function refusalOfSystem(sentence: string, cause: unknown, path: string): StartRefusedError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const { why, remedy } = explainPathFailure(path, code);
  const explained = remedy ? `${why}; ${describeRemedy(remedy)}` : why;
  return new StartRefusedError(`${sentence} (${code ?? message}): ${explained}`, { cause });
}

/**
 * Refuses what another user owns. Root could use it, but would leave files there that its owner
 * cannot use.
 *
 * @throws {@link StartRefusedError}
 */
export function assertOwn(what: string, path: string, { uid }: Stats): void {
  const me = process.getuid?.();
  if (me === undefined || uid === me) return;
  throw new StartRefusedError(
    `${what} ${path} belongs to another user (uid ${uid}); run authsvc as that user, or ${describeRemedy(takeOver(path))}`,
  );
}

function describeRemedy({ say, command }: NonNullable<PathFailure['remedy']>): string {
  return command === undefined ? say : `${say} with: ${command}`;
}

/** Why the system refused to do something with a path, and what helps. */
export interface PathFailure {
  /** A sentence without its capital and full stop. */
  readonly why: string;
  /** What to do, as a few words, and the command that does it. */
  readonly remedy?: { readonly say: string; readonly command?: ShellCommand };
}

const DENIED = ['EACCES', 'EPERM', 'SQLITE_READONLY', 'SQLITE_CANTOPEN'];

/**
 * Explains why a path cannot be used: whose it is, what is missing, or what is in the way.
 *
 * Suggests taking over only the path itself, or a folder within the home folder: a user must not
 * take over the system's folders.
 */
export function explainPathFailure(path: string, code: string | undefined): PathFailure {
  switch (code) {
    case 'EROFS':
      return { why: 'the file system is read-only' };
    case 'ENOSPC':
    case 'EDQUOT':
      return { why: 'the disk is full' };
    case 'ELOOP':
      return { why: 'it is a symbolic link, and is not followed' };
    case 'ENAMETOOLONG':
      return { why: 'the path is too long' };
    case 'ENOENT':
      return explainMissing(path);
    case 'ENOTDIR':
    case 'EEXIST':
      return explainInTheWay(path);
    default:
      return DENIED.includes(code ?? '') ? explainDenied(path) : { why: `the system says ${code ?? 'no'}` };
  }
}

/**
 * Whether a failure is one of the system's with a path, which {@link explainPathFailure} can
 * explain.
 */
export function isPathFailure(error: unknown): error is NodeJS.ErrnoException & { path: string; code: string } {
  if (!(error instanceof Error)) return false;
  const { path, code, syscall } = error as NodeJS.ErrnoException;
  return typeof path === 'string' && typeof code === 'string' && syscall !== 'connect' && !syscall?.startsWith('spawn');
}

function explainMissing(path: string): PathFailure {
  const nearest = pathsUpward(path).find((one) => look(one)?.isDirectory());
  // If a folder cannot be created for another reason, Node still says that its parent is missing.
  const code = nearest === undefined ? undefined : obstacleTo(nearest);
  if (nearest !== undefined && code !== undefined) return explainPathFailure(nearest, code);
  const missing = pathsUpward(path).filter((one) => !look(one));
  const folder = missing.length > 1 ? dirname(path) : path;
  if (missing.length === 0) return { why: 'it is not there' };
  return {
    why: `there is no ${missing.length > 1 ? 'folder ' : ''}${folder}`,
    ...(missing.length > 1 && { remedy: { say: 'make it', command: shell`mkdir -p ${folder}` } }),
  };
}

function explainInTheWay(path: string): PathFailure {
  const file = pathsUpward(path).find((one) => look(one)?.isDirectory() === false);
  if (file === undefined) return { why: 'something is in the way' };
  return { why: `${file} is a file, where a folder belongs`, remedy: { say: 'move it out of the way' } };
}

function explainDenied(path: string): PathFailure {
  const me = process.getuid?.();
  const there = pathsUpward(path).filter((one) => look(one) !== undefined);
  const foreign = there.find((one) => me !== undefined && look(one)?.uid !== me);
  const [nearest] = there;
  const culprit = nearest === foreign || isClosed(nearest) ? nearest : foreign;
  if (culprit === undefined || me === undefined) return { why: 'you may not read or write there' };
  if (culprit !== foreign) {
    return {
      why: `${culprit} does not let its owner in`,
      remedy: { say: 'open it to yourself', command: shell`chmod u+rwX ${culprit}` },
    };
  }
  const why = `${culprit} belongs to another user`;
  const mayTake = culprit === path || isBelow(culprit, homedir());
  return mayTake ? { why, remedy: takeOver(culprit) } : { why };
}

/** How to take over a file or folder of another user, such as one that `sudo` left behind. */
export function takeOver(path: string): { readonly say: string; readonly command: ShellCommand } {
  return { say: 'take it over', command: shell`sudo chown -R "$(id -un)" ${path}` };
}

/** Why nothing can be made in a folder. */
function obstacleTo(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function isClosed(path: string | undefined): boolean {
  const stats = path === undefined ? undefined : look(path);
  return stats !== undefined && (stats.mode & 0o200) === 0;
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function pathsUpward(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...pathsUpward(above)];
}
