import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEPT_LOG_FILES, openRotatingLog } from './rotating-log.ts';

describe('openRotatingLog', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-log-'));
    path = join(folder, 'logs', 'a.log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const files = async () => {
    const names = (await readdir(join(folder, 'logs'))).sort();
    const read = names.map(async (name) => [name, await readFile(join(folder, 'logs', name), 'utf8')]);
    return Object.fromEntries(await Promise.all(read));
  };

  it('makes file and folder for the owner alone, and has every line on the file when write returns', async () => {
    const log = openRotatingLog(path, 100);
    log.write('one\n');
    expect(await files()).toEqual({ 'a.log': 'one\n' });
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect(((await stat(join(folder, 'logs'))).mode & 0o777).toString(8)).toBe('700');
    log.close();
  });

  it('goes on where a former one ended', async () => {
    const former = openRotatingLog(path, 8);
    former.write('one\n');
    former.close();
    const log = openRotatingLog(path, 8);
    log.write('two\n');
    log.write('three\n');
    log.close();
    expect(await files()).toEqual({ 'a.log': 'three\n', 'a.log.1': 'one\ntwo\n' });
  });

  it('keeps five files beside the one that is written to, and never parts a line', async () => {
    const log = openRotatingLog(path, 10);
    for (let line = 1; line <= 8; line += 1) log.write(`line ${line} ${'x'.repeat(20)}\n`);
    log.close();
    const kept = await files();
    expect(Object.keys(kept)).toHaveLength(KEPT_LOG_FILES + 1);
    expect(Object.entries(kept).map(([name, text]) => [name, String(text).slice(0, 6)])).toEqual([
      ['a.log', 'line 8'],
      ['a.log.1', 'line 7'],
      ['a.log.2', 'line 6'],
      ['a.log.3', 'line 5'],
      ['a.log.4', 'line 4'],
      ['a.log.5', 'line 3'],
    ]);
  });

  it('does not end what it tells of when it cannot write, and goes on when it can again', async () => {
    const log = openRotatingLog(path, 8);
    log.write('one two\n');
    await rename(join(folder, 'logs'), join(folder, 'away'));
    expect(() => log.write('lost\n')).not.toThrow();
    await rename(join(folder, 'away'), join(folder, 'logs'));
    log.write('back\n');
    log.close();
    expect(await files()).toEqual({ 'a.log': 'back\n', 'a.log.1': 'one two\n' });
  });

  it('writes nothing once it is closed', async () => {
    const log = openRotatingLog(path, 100);
    log.close();
    // The next file to be opened gets the number of the one that was closed.
    const other = openSync(join(folder, 'logs', 'other'), 'w');
    log.write('late\n');
    closeSync(other);
    expect(await files()).toEqual({ 'a.log': '', other: '' });
  });
});
