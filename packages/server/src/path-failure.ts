import { accessSync, constants, lstatSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, sep } from 'node:path';
import { type ShellCommand, shell } from '@authsvc/core/shell-command';

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
 * A folder is to be taken over only where it is the one that was meant, or lies in the home folder:
 * the folders of the system are not a user's to take.
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
  // Node says of a folder that cannot be made at all that there is none above it.
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

/** The way to a folder or file that another user owns, as those that `sudo` left behind. */
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
