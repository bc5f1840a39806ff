import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Error codes of file systems without hard links, such as FAT. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];

/** Waits until a file's content is on the disk. */
export async function syncFile(path: string): Promise<{ size: number }> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

/** Waits until the names in the folder of a file are on the disk. Windows opens no folders. */
export async function syncFolderOf(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dirname(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a finished file its name, and never overwrites a file that has that name.
 *
 * @throws with code `EEXIST` if there is one.
 */
export async function publishFile(finished: string, path: string): Promise<void> {
  try {
    await link(finished, path);
    await rm(finished);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // Claims the name, so that only a file of our own is replaced.
    await (await open(path, 'wx', 0o600)).close();
    await rename(finished, path);
  }
  await syncFolderOf(path);
}
