import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import type { Daemon } from '../../support/daemon.ts';

const LOOK_MS = 20;
const WITHIN_MS = 10_000;

/** The heap of a service, as it is without garbage. */
export async function watchHeap(folder: string) {
  const file = join(folder, 'heap.txt');
  await writeFile(file, '');
  const lines = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return {
    /** What the service has to be started with. */
    settings: {
      NODE_OPTIONS: `--import ${new URL('collect-garbage.mjs', import.meta.url).href}`,
      HEAP_FILE: file,
    },
    /**
     * Collects all garbage, and returns how many megabytes are left. Otherwise the figure would
     * depend on how long ago V8 collected.
     *
     * @throws when the service does not say within 10 s.
     */
    async keptMb({ pid }: Pick<Daemon, 'pid'>): Promise<number> {
      const before = (await lines()).length;
      process.kill(pid, 'SIGUSR2');
      const until = performance.now() + WITHIN_MS;
      for await (const _ of every(LOOK_MS)) {
        const line = (await lines())[before];
        if (line !== undefined) return Number(line) / 1e6;
        if (performance.now() > until) break;
      }
      throw new Error(`the service did not tell what its heap keeps within ${WITHIN_MS / 1000} s`);
    },
  };
}
