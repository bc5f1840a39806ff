import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followLog, readLastLines } from './log-reader.ts';

describe('a rotated log', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authsvc-log-'));
    path = join(folder, 'a.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string, name = path) => writeFileSync(name, text);
  const append = (text: string) => appendFileSync(path, text);
  const rotate = (age = 1) => {
    if (age > 1) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    write('');
  };

  describe('readLastLines', () => {
    it('reads on in older files, and leaves the line that is being written', () => {
      write('one\ntwo\n', `${path}.2`);
      write('three\n', `${path}.1`);
      write('four\nfi');
      const lines = (count: number) => readLastLines(path, count)?.lines;
      expect(lines(1)).toEqual(['four']);
      expect(lines(3)).toEqual(['two', 'three', 'four']);
      expect(lines(100)).toEqual(['one', 'two', 'three', 'four']);
      expect(lines(0)).toEqual([]);
    });

    it('finds nothing where there is no log', () => {
      expect(readLastLines(path, 1)).toBeUndefined();
    });
  });

  describe('followLog', () => {
    it('yields each line once it is whole, across rotations, also two between two looks', async () => {
      write('before\nha');
      const from = readLastLines(path, 0)?.position ?? { inode: 0, offset: 0 };
      const end = new AbortController();
      const lines = followLog(path, from, end.signal);
      append('lf\n');
      expect((await lines.next()).value).toBe('half');
      append('last of the first\n');
      rotate();
      append('whole second\n');
      rotate(2);
      append('third\n');
      expect((await lines.next()).value).toBe('last of the first');
      expect((await lines.next()).value).toBe('whole second');
      expect((await lines.next()).value).toBe('third');
      const next = lines.next();
      append('awaited\n');
      expect((await next).value).toBe('awaited');
      const none = lines.next();
      end.abort();
      expect(await none).toEqual({ done: true, value: undefined });
    });

    it('goes on with the oldest file when the one that it read is gone', async () => {
      write('read\n');
      const from = readLastLines(path, 0)?.position ?? { inode: 0, offset: 0 };
      write('kept\n', `${path}.new`);
      renameSync(`${path}.new`, path);
      const lines = followLog(path, from);
      expect((await lines.next()).value).toBe('kept');
      await lines.return(undefined);
    });
  });
});
