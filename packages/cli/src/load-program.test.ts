import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authsvcFile } from './testing/pseudo-terminal.ts';

const COMPILED_AT = new Date('2026-01-01T12:00:00Z');
const later = new Date('2026-01-01T12:00:01Z');
const earlier = new Date('2026-01-01T11:59:59Z');

/** A small clone: the program's real start, and a stub for each program that prints its name. */
function makeClone() {
  const packages = mkdtempSync(join(tmpdir(), 'authsvc-load-program-'));
  onTestFinished(() => rmSync(packages, { recursive: true, force: true }));
  const cli = join(packages, 'cli');
  cpSync(dirname(authsvcFile), join(cli, 'bin'), { recursive: true });
  const bundle = join(cli, 'dist', 'bundle', 'main.cjs');
  mkdirSync(dirname(bundle), { recursive: true });
  writeFileSync(join(cli, 'package.json'), '{"type":"module"}');
  writeFileSync(join(cli, 'dist', 'main.js'), 'export const main = () => console.log("compiled");');
  writeFileSync(bundle, 'exports.main = () => console.log(require("./part.cjs").word);');
  writeFileSync(join(dirname(bundle), 'part.cjs'), 'exports.word = "bundled";');
  const notes = ['client', 'core', 'server', 'cli'].map((name) => join(packages, name, 'tsconfig.tsbuildinfo'));
  for (const file of notes) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{}');
    utimesSync(file, COMPILED_AT, COMPILED_AT);
  }
  return {
    bundle,
    notes,
    bundledAt: (time: Date) => utimesSync(bundle, time, time),
    run: async () => (await execa(process.execPath, [join(cli, 'bin', 'authsvc.js')])).stdout,
  };
}

describe('the program', () => {
  it('starts from a bundle that is newer than all that the compiler wrote', async () => {
    const clone = makeClone();
    clone.bundledAt(later);
    expect(await clone.run()).toBe('bundled');
  });

  it('starts from what the compiler wrote where any package has been compiled since', async () => {
    const clone = makeClone();
    clone.bundledAt(earlier);
    expect(await clone.run()).toBe('compiled');
    clone.bundledAt(later);
    for (const file of clone.notes) {
      const muchLater = new Date('2026-01-02T12:00:00Z');
      utimesSync(file, muchLater, muchLater);
      expect(await clone.run()).toBe('compiled');
      utimesSync(file, COMPILED_AT, COMPILED_AT);
    }
    rmSync(clone.bundle);
    expect(await clone.run()).toBe('compiled');
  });

  it('starts from the bundle where it is installed, and no compiler leaves notes', async () => {
    const clone = makeClone();
    clone.bundledAt(earlier);
    for (const file of clone.notes) rmSync(file);
    expect(await clone.run()).toBe('bundled');
  });

  it('compiles again where the code cache beside the bundle is not one of V8', async () => {
    const clone = makeClone();
    writeFileSync(`${clone.bundle}.v8-${process.versions.v8}`, 'something else');
    clone.bundledAt(later);
    expect(await clone.run()).toBe('bundled');
  });
});
