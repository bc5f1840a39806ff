import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseRefusedError } from '../errors.ts';
import { inspectSqliteFile, SQLITE_APPLICATION_ID } from './file.ts';

/** The first bytes of a database file, as far as they are looked at. */
function header(applicationId: number, magic = 'SQLite format 3\0'): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write(magic, 'latin1');
  bytes.writeUInt32BE(applicationId, 68);
  return bytes;
}

describe('inspectSqliteFile', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-sqlite-'));
    path = join(folder, 'database');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('takes a missing file and an empty one for a new database', async () => {
    expect(inspectSqliteFile(path)).toBe('empty');
    await writeFile(path, '');
    expect(inspectSqliteFile(path)).toBe('empty');
  });

  it('knows its own', async () => {
    await writeFile(path, header(SQLITE_APPLICATION_ID));
    expect(inspectSqliteFile(path)).toBe('ours');
  });

  it.each([
    ['a text', Buffer.from('name,email\n'), 'is not an SQLite database, or is damaged'],
    ['a single byte', Buffer.from('S'), 'is not an SQLite database, or is damaged'],
    ['the first half of the magic', Buffer.from('SQLite f'), 'is not an SQLite database, or is damaged'],
    ['another magic', header(SQLITE_APPLICATION_ID, 'SQLite format 4\0'), 'is not an SQLite database, or is damaged'],
    ['a database without a mark', header(0), 'is a database of another program'],
    ['a database of another program', header(0x47_50_4b_47), 'is a database of another program'],
    ['a header that was cut off', header(0).subarray(0, 60), 'is a database of another program'],
  ])('refuses %s, and leaves it as it is', async (_what, content, why) => {
    await writeFile(path, content);
    expect(() => inspectSqliteFile(path)).toThrow(new DatabaseRefusedError(`${path} ${why}; it was left as it is`));
    expect(await readFile(path)).toEqual(content);
  });

  it('refuses a folder in the way', async () => {
    await mkdir(path);
    expect(() => inspectSqliteFile(path)).toThrow(
      new DatabaseRefusedError(`${path} is not a file, so it cannot be the database`),
    );
  });

  it('refuses a path through a file', async () => {
    await writeFile(path, '');
    const through = join(path, 'database');
    expect(() => inspectSqliteFile(through)).toThrow(
      new DatabaseRefusedError(`the database ${through} cannot be opened for writing (ENOTDIR)`),
    );
  });
});
