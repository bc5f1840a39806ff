import { accessSync, constants, existsSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { shell } from '@authsvc/core/shell-command';
import { explainPathFailure, type PathFailure, takeOver } from './path-failure.ts';
import { StartRefusedError } from './start-refused-error.ts';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Makes the data folder with mode 0700, or looks whether the one that is there can be used.
 *
 * @param isDefault whether nobody chose the folder, so that the folders above it may be made as well.
 * @throws {@link StartRefusedError} it cannot be made, is not a folder, or is open to the writing of others.
 */
export function makeDataFolder(path: string, isDefault: boolean): void {
  const stats = statIfThere(path);
  if (!stats) {
    // A folder that someone named may lie on a disk that is not mounted; only the default place is made from the ground up.
    if (!isDefault && !existsSync(dirname(path))) {
      throw new StartRefusedError(`the data folder ${path} cannot be made: there is no folder ${dirname(path)}`);
    }
    // Recursive in either case: another start may have made it since.
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
 * The refusal for what the system would not do with a path: a sentence, why, and the command that
 * helps.
 */
export function refusalOfSystem(sentence: string, cause: unknown, path: string): StartRefusedError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const { why, remedy } = explainPathFailure(path, code);
  const explained = remedy ? `${why}; ${describeRemedy(remedy)}` : why;
  return new StartRefusedError(`${sentence} (${code ?? message}): ${explained}`, { cause });
}

/**
 * Refuses what another user owns, as root could use it all the same: the service would leave files
 * there that its owner cannot use.
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
