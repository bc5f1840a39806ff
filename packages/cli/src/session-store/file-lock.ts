import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensurePrivateFolder, unreachable } from './private-file.ts';

const RETRY_MS = 5;
/** The work under the lock takes a few milliseconds. Whoever holds it as long as this was killed there. */
const ABANDONED_AFTER_MS = 2000;

/**
 * Does a piece of work while no other process works on the same file; waits for its turn.
 *
 * @throws {@link CliError} `state_unusable`: the lock cannot be made.
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

/** By renaming, so that of several that wait only one breaks it. */
function breakLock(lock: string): void {
  const broken = `${lock}.broken-${process.pid}`;
  try {
    renameSync(lock, broken);
    rmSync(broken, { force: true });
  } catch {
    // It was let go of, or broken by another.
  }
}
