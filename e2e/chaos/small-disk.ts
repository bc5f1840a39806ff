import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Why this machine cannot mount one; undefined if it can. */
export const smallDiskObstacle = findObstacle();

/** Mounts a small disk, held in memory, on an empty folder. */
export function mountSmallDisk(path: string, bytes: number) {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  return {
    /** Fills it to the last byte. */
    fill: async () => {
      const file = await open(filler, 'a');
      try {
        for (const length of [65_536, 4096, 1]) await writeUntilFull(() => file.write(Buffer.alloc(length)));
      } finally {
        await file.close();
      }
    },
    /** Takes away what filled it. */
    empty: () => rm(filler),
    makeReadOnly: () => {
      execFileSync('mount', ['-o', 'remount,ro', path]);
    },
    unmount: () => {
      execFileSync('umount', ['--lazy', path]);
    },
  };
}

async function writeUntilFull(write: () => Promise<unknown>): Promise<void> {
  try {
    for (;;) await write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'small disks are mounted on Linux alone';
  // In a mount namespace of its own, so that nothing stays mounted.
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `no disk can be mounted here: ${(tried.stderr || 'no unshare').trim()}`;
}

/** Makes a folder, and mounts a small disk on it for as long as some work takes. */
export async function withSmallDisk<Result>(
  path: string,
  bytes: number,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  mkdirSync(path);
  const disk = mountSmallDisk(path, bytes);
  try {
    return await work(path);
  } finally {
    disk.unmount();
  }
}
