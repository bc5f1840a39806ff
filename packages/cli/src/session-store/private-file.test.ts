import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensurePrivateFolder, readPrivateFile, removePrivateFile, writePrivateFile } from './private-file.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-private-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const refused = (path: string, why: string) =>
  expect.objectContaining({ status: 1, code: 'state_unusable', message: `${path} cannot be used`, why });

describe('writePrivateFile', () => {
  it('writes for its owner alone, whatever the umask, and replaces in one step', () => {
    const before = process.umask(0);
    onTestFinished(() => {
      process.umask(before);
    });
    const folder = join(makeFolder(), 'state');
    const path = join(folder, 'accounts.json');
    writePrivateFile(path, 'one');
    writePrivateFile(path, 'two');
    expect([readFileSync(path, 'utf8'), modeOf(path), modeOf(folder), readdirSync(folder)]).toEqual([
      'two',
      '600',
      '700',
      ['accounts.json'],
    ]);
  });

  it('does not write through a symbolic link', () => {
    const folder = makeFolder();
    const [target, link] = [join(folder, 'target'), join(folder, 'link')];
    writeFileSync(target, 'kept');
    symlinkSync(target, link);
    expect(() => writePrivateFile(link, 'secret')).toThrow(
      refused(link, 'It is a symbolic link or a folder, and is not written to.'),
    );
    expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['kept', ['link', 'target']]);
  });

  it('says what is in the way', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'sessions', 'a');
    expect(() => writePrivateFile(path, 'secret')).toThrow(
      refused(join(folder, 'file', 'sessions'), `${join(folder, 'file')} is a file, where a folder belongs.`),
    );
  });
});

describe('ensurePrivateFolder', () => {
  it('narrows a folder that others may enter', () => {
    const folder = join(makeFolder(), 'state');
    mkdirSync(folder, { mode: 0o755 });
    ensurePrivateFolder(folder);
    expect(modeOf(folder)).toBe('700');
  });

  it('refuses a symbolic link', () => {
    const folder = makeFolder();
    const link = join(folder, 'link');
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), link);
    expect(() => ensurePrivateFolder(link)).toThrow(
      refused(link, 'It is a symbolic link or a file, where a folder should be.'),
    );
  });
});

describe('readPrivateFile', () => {
  it('finds nothing where there is nothing', () => {
    expect(readPrivateFile(join(makeFolder(), 'missing'))).toBeUndefined();
  });

  it('refuses a symbolic link, a folder, and a file that others may read', () => {
    const folder = makeFolder();
    const path = join(folder, 'file');
    writePrivateFile(path, 'text');
    const link = join(folder, 'link');
    symlinkSync(path, link);
    expect(() => readPrivateFile(link)).toThrow(refused(link, 'It is a symbolic link, and is not followed.'));
    expect(() => readPrivateFile(folder)).toThrow(refused(folder, 'It is not a regular file.'));
    expect(readPrivateFile(path)).toBe('text');
    chmodSync(path, 0o640);
    expect(() => readPrivateFile(path)).toThrow(refused(path, 'Other users may read or change it.'));
  });
});

describe('removePrivateFile', () => {
  it('is no error the second time', () => {
    const path = join(makeFolder(), 'file');
    writePrivateFile(path, 'text');
    removePrivateFile(path);
    removePrivateFile(path);
    expect(readPrivateFile(path)).toBeUndefined();
  });
});
