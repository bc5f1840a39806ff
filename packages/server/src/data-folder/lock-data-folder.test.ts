import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPaths } from '@authsvc/client/folders';
import { acquireFileLock } from '@authsvc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from './lock-data-folder.ts';

describe('openDataFolder', () => {
  let dataFolder: string;

  beforeEach(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'authsvc-folder-'));
  });
  afterEach(() => rm(dataFolder, { recursive: true }));

  const open = (longestWaitMs?: number) =>
    openDataFolder(
      { dataFolder, isDefaultDataFolder: false, database: sqlite(dataPaths(dataFolder).database) },
      longestWaitMs === undefined ? {} : { longestWaitMs },
    );

  it('waits for a holder that is starting or stopping', async () => {
    const holder = await acquireFileLock(dataPaths(dataFolder).lock);
    const opening = open();
    await holder?.release();
    await (await opening).release();
  });

  it('gives up on one that neither answers nor ends, and says so', async () => {
    const holder = await acquireFileLock(dataPaths(dataFolder).lock);
    await expect(open(0)).rejects.toThrow(
      `another authsvc that is starting or stopping uses the data folder ${dataFolder}`,
    );
    const mute = createServer((socket) => socket.resume().end('not HTTP\r\n\r\n')).listen(dataPaths(dataFolder).socket);
    await expect(open(0)).rejects.toThrow(`another authsvc that does not answer uses the data folder ${dataFolder}`);
    await new Promise((resolve) => mute.close(resolve));
    await holder?.release();
  });

  it('takes a folder once only, and again when it was let go', async () => {
    const lock = await open();
    await expect(open(0)).rejects.toThrow('uses the data folder');
    await lock.release();
    await (await open(0)).release();
  });

  it('may be held with a database elsewhere', async () => {
    await mkdir(join(dataFolder, 'elsewhere'));
    const lock = await openDataFolder({
      dataFolder,
      isDefaultDataFolder: false,
      database: sqlite(join(dataFolder, 'elsewhere', 'a.db')),
    });
    expect(await acquireFileLock(join(dataFolder, 'elsewhere', 'a.db.lock'))).toBeUndefined();
    await lock.release();
  });

  describe('with one database by two names', () => {
    let elsewhere: string;
    const file = () => dataPaths(dataFolder).database;
    const openElsewhere = (path: string) =>
      openDataFolder(
        { dataFolder: join(elsewhere, 'data'), isDefaultDataFolder: false, database: sqlite(path) },
        { longestWaitMs: 0 },
      );

    beforeEach(async () => {
      elsewhere = await mkdtemp(join(tmpdir(), 'authsvc-elsewhere-'));
      await writeFile(file(), '');
    });
    afterEach(() => rm(elsewhere, { recursive: true }));

    it.each([
      ['its path', async () => file()],
      [
        'a link',
        async () => {
          await symlink(file(), join(elsewhere, 'link.db'));
          return join(elsewhere, 'link.db');
        },
      ],
      [
        'a link to its folder',
        async () => {
          await symlink(dataFolder, join(elsewhere, 'folder'));
          return join(elsewhere, 'folder', 'authsvc.db');
        },
      ],
    ])('refuses the second, which has %s', async (_name, nameIt) => {
      const path = await nameIt();
      const lock = await open();
      await expect(openElsewhere(path)).rejects.toThrow(`another authsvc uses the database ${path}`);
      await lock.release();
      const next = await openElsewhere(path);
      await expect(open(0)).rejects.toThrow(`another authsvc uses the database ${file()}`);
      await next.release();
    });

    it('refuses a hard link, and the file that has one', async () => {
      const second = join(elsewhere, 'second.db');
      const lock = await open();
      await link(file(), second);
      await expect(openElsewhere(second)).rejects.toThrow(`the database ${second} has a second name (a hard link)`);
      await lock.release();
      await expect(open()).rejects.toThrow(`the database ${file()} has a second name (a hard link)`);
      await rm(second);
      await (await open()).release();
    });
  });
});

function sqlite(path: string) {
  return { kind: 'sqlite', name: `sqlite:${path}`, path } as const;
}
