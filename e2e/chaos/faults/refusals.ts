import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from '../../support/daemon.ts';
import { querySqlite } from '../../support/own-sqlite.ts';
import { runAuthsvc } from '../../support/run-authsvc.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { mountSmallDisk, smallDiskObstacle } from '../small-disk.ts';

const isRoot = process.getuid?.() === 0;

/**
 * Something that keeps the service from starting: `make` puts it in a folder, and the sentence that
 * the service prints must name it.
 */
interface Obstacle {
  readonly what: string;
  readonly dataFolder: string;
  /** What the sentence must name; the data folder unless said otherwise. */
  readonly names?: string;
  /** What must stay as it is, to the byte. */
  readonly untouched?: string;
  make(): Promise<unknown>;
}

export const refusalsRow: Row = {
  name: 'refusals',
  fault: 'A folder or a database that cannot be used',
  dialects: ['sqlite'],
  sizes: { small: {}, full: {} },
  async run({ folder, onEnd }) {
    if (isRoot && smallDiskObstacle !== undefined) return cannotRun(smallDiskObstacle);
    const own = join(folder, 'own');
    await mkdir(own);
    await (await startDaemon({ home: own })).stop();
    const whole = await readFile(join(own, 'data', 'authsvc.db'));
    const database = (what: string, make: (file: string) => Promise<unknown>): Obstacle => {
      const dataFolder = join(folder, what.replaceAll(' ', '-'));
      const file = join(dataFolder, 'authsvc.db');
      const makeIt = async () => {
        await mkdir(dataFolder, { mode: 0o700 });
        await make(file);
      };
      return { what, dataFolder, names: file, untouched: file, make: makeIt };
    };
    const obstacles: Obstacle[] = [
      { what: 'no folder above', dataFolder: join(folder, 'missing', 'data'), make: async () => undefined },
      {
        what: 'a file in its place',
        dataFolder: join(folder, 'file'),
        make: () => writeFile(join(folder, 'file'), ''),
      },
      {
        what: 'read-only folder',
        dataFolder: join(folder, 'read-only'),
        make: async () => {
          const path = join(folder, 'read-only');
          await mkdir(path);
          if (!isRoot) return await chmod(path, 0o500);
          const disk = mountSmallDisk(path, 1_048_576);
          onEnd(disk.unmount);
          disk.makeReadOnly();
        },
      },
      { ...database('folder in the way', (file) => mkdir(file)), untouched: '' },
      database('text', (file) => writeFile(file, 'name,email\n')),
      database('noise', (file) => writeFile(file, Buffer.alloc(8192, 0x5a))),
      database('of another program', (file) => querySqlite(file, 'create table users (name)')),
      database('of a newer version', async (file) => {
        await writeFile(file, whole);
        await querySqlite(file, "insert into migrations (name, batch) values ('9999-later', 2)");
      }),
      database('first page damaged', (file) => writeFile(file, damaged(whole, 100, 4096))),
      database('all but the header damaged', (file) => writeFile(file, damaged(whole, 4096, whole.length))),
      database('cut in half', (file) => writeFile(file, whole.subarray(0, whole.length / 2))),
      database('cut to one page', (file) => writeFile(file, whole.subarray(0, 4096))),
      database('cut to its magic', (file) => writeFile(file, whole.subarray(0, 16))),
    ];

    const failures: string[] = [];
    let refused = 0;
    let changed = 0;
    for (const { what, dataFolder, names = dataFolder, untouched, make } of obstacles) {
      await make();
      const before = untouched ? await readFile(untouched) : undefined;
      const env = { AUTHSVC_DATA_DIR: dataFolder, AUTHSVC_LISTEN_PORT: '0' };
      const { exitCode, stdout, stderr } = await runAuthsvc(['serve'], { home: folder, env });
      const isOneSentence = /^authsvc: [^\n]+$/.test(stderr) && stderr.includes(names);
      if (exitCode === 1 && stdout === '' && isOneSentence) refused += 1;
      else {
        failures.push(`${what}: exit ${exitCode}, ${JSON.stringify(stdout + stderr)}`);
      }
      if (before && untouched && !before.equals(await readFile(untouched))) {
        changed += 1;
        failures.push(`${what}: it was changed`);
      }
    }
    return judge(
      `started on ${obstacles.map(({ what }) => what).join(', ')}`,
      obstacles.length,
      `${refused} × exit 1 with one sentence that names the path; ${changed} files changed by a byte or more`,
      failures,
    );
  },
};

function damaged(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.from(bytes).fill(0x5a, from, to);
}
