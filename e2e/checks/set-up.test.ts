import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { it } from '../support/journey.ts';
import { root } from '../support/program.ts';

interface SetUpChecks {
  isInstalled(): boolean;
  neverInstalled(): boolean;
  nodeProblem(running: string, required: string): string | undefined;
  shapeBreaches(files: readonly string[], read: (file: string) => string): string[];
}

/** The scripts are programs; only their pure checks are called from here. */
async function load(file: string): Promise<SetUpChecks> {
  return (await import(join(root, 'scripts', file))) as SetUpChecks;
}

describe('npm start', () => {
  it('refuses a machine without a compiler, before it installs anything, and names the packages', async ({ home }) => {
    await mkdir(join(home, 'bin'));
    await symlink(process.execPath, join(home, 'bin', 'node'));
    await cp(join(root, 'scripts'), join(home, 'clone', 'scripts'), { recursive: true });
    await cp(join(root, 'package.json'), join(home, 'clone', 'package.json'));
    const { exitCode, stdout, stderr } = await execa(process.execPath, ['scripts/start.mjs'], {
      cwd: join(home, 'clone'),
      env: { HOME: home, PATH: join(home, 'bin') },
      extendEnv: false,
      reject: false,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^✗ Missing on this machine: a C\+\+ compiler, make, Python 3\./);
    expect(stderr).toContain('apt-get install build-essential python3');
  });

  it('refuses a Node that is too old', async () => {
    const { nodeProblem } = await load('toolchain.mjs');
    expect(nodeProblem('18.20.4', '>=20.19')).toMatch(/^Node 18\.20\.4 is too old: authsvc needs Node 20\.19 or newer/);
    expect(nodeProblem('20.18.3', '>=20.19')).toMatch(/too old/);
    expect(nodeProblem('20.19.0', '>=20.19')).toBeUndefined();
    expect(nodeProblem('24.1.0', '>=20.19')).toBeUndefined();
  });
});

describe('an install', () => {
  it('counts as done, with packages that have no dependencies', async () => {
    const { isInstalled, neverInstalled } = await load('install.mjs');
    // By hand, pnpm leaves no stamp.
    expect(neverInstalled() || isInstalled()).toBe(true);
  });
});

describe('the check of the shape', () => {
  it('finds long files, too many dependencies, and a second door', async () => {
    const { shapeBreaches } = await load('check-prose.mjs');
    const dependencies = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`dependency-${index}`, '1.0.0']));
    const files: Record<string, string> = {
      'e2e/long.test.ts': 'line\n'.repeat(401),
      'e2e/full.test.ts': 'line\n'.repeat(400),
      'packages/core/package.json': JSON.stringify({ dependencies: { ...dependencies, own: 'workspace:*' } }),
      'packages/core/src/clock.ts': 'export const now = () => Date.now();',
      'packages/core/src/watch.ts': 'export const now = () => Date.now();',
      'packages/core/src/talk.ts': '// Date.now() is read elsewhere.',
      'packages/server/src/clock.ts': 'export const now = () => Date.now();',
    };
    expect(shapeBreaches(Object.keys(files), (file) => files[file] ?? '')).toEqual([
      'e2e/long.test.ts has 401 lines; the limit is 400',
      'Date.now( appears in packages/core/src/clock.ts and packages/core/src/watch.ts; it belongs in one file a package',
      '21 direct runtime dependencies; at most 20',
    ]);
  });
});
