import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { explainPathFailure, isPathFailure } from './folders.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('explainPathFailure', () => {
  it('names the folder that is missing, and makes it', () => {
    const folder = makeFolder();
    expect(explainPathFailure(join(folder, "o'ne", 'file'), 'ENOENT')).toEqual({
      why: `there is no folder ${folder}/o'ne`,
      remedy: { say: 'make it', command: `mkdir -p '${folder}/o'\\''ne'` },
    });
  });

  it('names the file that stands where a folder belongs', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'file'), '');
    const { why } = explainPathFailure(join(folder, 'file', 'sessions', 'a'), 'ENOTDIR');
    expect(why).toBe(`${folder}/file is a file, where a folder belongs`);
  });

  it('opens what its owner has closed', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'closed'), { mode: 0o500 });
    expect(explainPathFailure(join(folder, 'closed'), 'EACCES').remedy?.command).toBe(`chmod u+rwX ${folder}/closed`);
  });

  it.each([
    ['EROFS', 'the file system is read-only'],
    ['ENOSPC', 'the disk is full'],
    ['ELOOP', 'it is a symbolic link, and is not followed'],
    ['EIO', 'the system says EIO'],
  ])('says of %s that %s', (code, why) => {
    expect(explainPathFailure('/somewhere', code)).toEqual({ why });
  });
});

describe('isPathFailure', () => {
  it.each([
    ['a file that cannot be opened', { path: '/a', code: 'EACCES', syscall: 'open' }, true],
    ['a connection', { path: '/a', code: 'EACCES', syscall: 'connect' }, false],
    ['a program that cannot be run', { path: '/a', code: 'ENOENT', syscall: 'spawn /a' }, false],
    ['any other error', {}, false],
  ])('judges %s', (_, details, expected) => {
    expect(isPathFailure(Object.assign(new Error('x'), details))).toBe(expected);
  });
});
