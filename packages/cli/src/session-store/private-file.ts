import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import { CliError, type CliErrorDetails, describePathFailure } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';

const othersMayReadOrWrite = 0o077;

/**
 * Make a folder that only its owner can enter, or restrict an existing one.
 *
 * @throws {@link CliError} `state_unusable`: a symbolic link, not a folder, another user's, or not
 * writable.
 */
export function ensurePrivateFolder(folder: string): void {
  attempt(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = lstatSync(folder);
    if (!stats.isDirectory()) throw unusable(folder, 'It is a symbolic link or a file, where a folder should be.');
    assertOwn(folder, stats);
    if (process.platform !== 'win32' && (stats.mode & othersMayReadOrWrite) !== 0) chmodSync(folder, 0o700);
  });
}

/**
 * Replace a file atomically; it has mode 0600 from the start.
 *
 * @throws {@link CliError} `state_unusable`: not a regular file, or not writable.
 */
export function writePrivateFile(path: string, text: string): void {
  ensurePrivateFolder(dirname(path));
  attempt(path, () => {
    const existing = lstatSync(path, { throwIfNoEntry: false });
    if (existing && !existing.isFile())
      throw unusable(path, 'It is a symbolic link or a folder, and is not written to.');
    const unfinished = `${path}.${crypto.randomUUID()}`;
    try {
      const file = openSync(unfinished, 'wx', 0o600);
      try {
        writeFileSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  });
}

/**
 * Read a file that only its owner can read and write.
 *
 * @returns `undefined` when there is none.
 * @throws {@link CliError} `state_unusable`: a symbolic link, another user's, or open to others.
 */
export function readPrivateFile(path: string): string | undefined {
  return attempt(path, () => {
    if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
    const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw unusable(path, 'It is not a regular file.');
      assertOwn(path, stats);
      if (process.platform !== 'win32' && (stats.mode & othersMayReadOrWrite) !== 0) {
        throw unusable(path, 'Other users may read or change it.');
      }
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  });
}

/** Delete a file, if it exists. */
export function removePrivateFile(path: string): void {
  attempt(path, () => rmSync(path, { force: true }));
}

/** The error for a file that is not safe or not valid. */
export function unusable(path: string, why: string, cause?: unknown): CliError {
  return end(path, { why, next: { say: 'Remove it, and log in again', command: shell`authsvc login` } }, cause);
}

/** The error for a file that the system does not let us use. */
function unreachable(path: string, cause: unknown): CliError {
  return end(path, describePathFailure(path, cause, 'Name another folder with XDG_STATE_HOME'), cause);
}

function end(path: string, { why, next }: Pick<CliErrorDetails, 'why' | 'next'>, cause: unknown): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'state_unusable',
    what: `${path} cannot be used`,
    why,
    next,
    cause,
  });
}

function assertOwn(path: string, stats: Stats): void {
  const me = process.getuid?.();
  if (me !== undefined && stats.uid !== me) throw unreachable(path, { code: 'EACCES' });
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unreachable(path, error);
  }
}

const RETRY_MS = 5;
/** The work under the lock takes milliseconds; a process that holds it this long was killed. */
const ABANDONED_AFTER_MS = 2000;

/**
 * Do some work while no other process has the file's lock; waits for it.
 *
 * @throws {@link CliError} `state_unusable`: the lock file cannot be created.
 */
export function withFileLock(path: string, work: () => void): void {
  const lock = `${path}.lock`;
  ensurePrivateFolder(dirname(path));
  acquire(lock);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function acquire(lock: string): void {
  let holder: string | undefined;
  let heldSince = performance.now();
  while (!tryCreate(lock)) {
    const stats = statSync(lock, { throwIfNoEntry: false });
    const current = `${stats?.ino} ${stats?.ctimeMs}`;
    if (current !== holder) {
      holder = current;
      heldSince = performance.now();
    } else if (performance.now() - heldSince > ABANDONED_AFTER_MS) {
      breakLock(lock);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
}

function tryCreate(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw unreachable(lock, error);
  }
}

/** Rename it, so that only one of several waiting processes breaks it. */
function breakLock(lock: string): void {
  const broken = `${lock}.broken-${process.pid}`;
  try {
    renameSync(lock, broken);
    rmSync(broken, { force: true });
  } catch {
    // It was released, or broken by another process.
  }
}
