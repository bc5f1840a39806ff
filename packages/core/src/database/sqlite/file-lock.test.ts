import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireFileLock } from './file-lock.ts';

const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));
const holdForEver = `
  import { acquireFileLock } from '@authsvc/core';
  console.log(await acquireFileLock(process.argv[1]) ? 'held' : 'refused');
  setInterval(() => {}, 1_000);
`;

describe('acquireFileLock', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is held by one at a time', async () => {
    const lock = await acquireFileLock(path);
    expect(await acquireFileLock(path)).toBeUndefined();
    expect(await acquireFileLock(path)).toBeUndefined();
    await lock?.release();

    const next = await acquireFileLock(path);
    expect(next).toBeDefined();
    await next?.release();
  });

  it('has one winner of many at once', async () => {
    const locks = await Promise.all(Array.from({ length: 10 }, () => acquireFileLock(path)));
    const held = locks.filter((lock) => lock !== undefined);
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('makes a file that its owner alone can read', async () => {
    const lock = await acquireFileLock(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await lock?.release();
  });

  it('is refused while another process holds it, and free once that is killed', async () => {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', holdForEver, path], { cwd: packageFolder });
    try {
      const [line] = await once(holder.stdout, 'data');
      expect(String(line)).toBe('held\n');
      expect(await acquireFileLock(path)).toBeUndefined();
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    const lock = await acquireFileLock(path);
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('throws where there can be no lock', async () => {
    await expect(acquireFileLock(join(folder, 'missing', 'lock'))).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' });
    await writeFile(path, 'no lock, but a text that a user wrote');
    await expect(acquireFileLock(path)).rejects.toMatchObject({ code: 'SQLITE_NOTADB' });
  });
});
