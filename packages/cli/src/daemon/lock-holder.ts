import { readFileSync, statSync } from 'node:fs';

/**
 * Finds which process holds a lock on a file. The kernel says so while the lock is held, so that
 * the pid is no other process's by now.
 *
 * @returns `undefined` when none does, or where the system does not say.
 * @see proc_locks(5)
 */
export function lockHolder(path: string): number | undefined {
  try {
    const { dev, ino } = statSync(path);
    const [major, minor] = [(dev >> 8) & 0xf_ff, (dev & 0xff) | ((dev >> 12) & 0xf_ff_00)];
    const file = `${hex(major)}:${hex(minor)}:${ino}`;
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const [, pid, of] = /^\d+: POSIX +\S+ +\S+ +(\d+) +(\S+)/.exec(line) ?? [];
      // A process of another container has none here.
      if (of === file && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // Not on Linux, or the file is gone.
  }
  return undefined;
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}
