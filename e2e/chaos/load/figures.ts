import { readdir, readFile, readlink } from 'node:fs/promises';

/** Whether this system tells what a process holds. */
export async function tellsHoldings(): Promise<boolean> {
  return readdir('/proc/self/fd').then(
    () => true,
    () => false,
  );
}

/** The resident memory of a process, in MB of a million bytes. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}

/** What a process holds, as /proc tells it. */
export async function holdingsOf(pid: number) {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder);
  // A file that was closed in the meantime does not count.
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => undefined)));
  const open = targets.filter((target) => target !== undefined);
  const sockets = open.filter((target) => target.startsWith('socket:')).length;
  return { residentMb: await residentMb(pid), files: open.length, sockets };
}

export type Holdings = Awaited<ReturnType<typeof holdingsOf>>;
