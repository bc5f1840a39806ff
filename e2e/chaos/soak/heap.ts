import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import type { Daemon } from '../../support/daemon.ts';
import type { Environment } from '../../support/program.ts';

const LOOK_MS = 20;
const WITHIN_MS = 10_000;

/** The heap of a service, as it is without garbage. */
export interface Heap {
  /** What the service has to be started with. */
  readonly settings: Environment;
  /**
   * Collects all garbage, and tells what is left, in megabytes: what is kept, and not how long ago V8 swept.
   *
   * @throws when the service does not tell within 10 s.
   */
  keptMb(daemon: Pick<Daemon, 'pid'>): Promise<number>;
}

export async function watchHeap(folder: string): Promise<Heap> {
  const file = join(folder, 'heap.txt');
  await writeFile(file, '');
  const lines = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return {
    settings: {
      NODE_OPTIONS: `--import ${new URL('collect-garbage.mjs', import.meta.url).href}`,
      HEAP_FILE: file,
    },
    async keptMb({ pid }) {
      const before = (await lines()).length;
      process.kill(pid, 'SIGUSR2');
      const until = performance.now() + WITHIN_MS;
      for await (const _ of every(LOOK_MS)) {
        const told = (await lines())[before];
        if (told !== undefined) return Number(told) / 1e6;
        if (performance.now() > until) break;
      }
      throw new Error(`the service did not tell what its heap keeps within ${WITHIN_MS / 1000} s`);
    },
  };
}
