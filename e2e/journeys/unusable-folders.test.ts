import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { mountSmallDisk, smallDiskObstacle } from '../chaos/small-disk.ts';
import { it as journey } from '../support/journey.ts';
import type { Environment } from '../support/program.ts';
import { type CommandEnd, findNobodyObstacle, NOBODY, runAuthsvc } from '../support/run-authsvc.ts';

const account = ['--email', 'ada@example.com', '--password-stdin'];

/** A home of the user without rights; its name has characters that are special to a shell. */
// biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it what a fixture needs.
const it = journey.extend('poorHome', async ({}, { onCleanup }) => {
  const above = await mkdtemp(join(tmpdir(), 'authsvc-'));
  onCleanup(() => rm(above, { recursive: true, force: true }));
  await chmod(above, 0o755);
  const home = join(above, "o'ne home");
  await mkdir(home);
  await chown(home, NOBODY, NOBODY);
  return home;
});

const runAsNobody = (args: readonly string[], home: string, env: Environment = {}) =>
  runAuthsvc(args, { home, env, input: 'correct horse battery\n', user: NOBODY });
const nobodyObstacle = findNobodyObstacle();
const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
const takeOver = (path: string) => `sudo chown -R "$(id -un)" ${quoted(path)}`;

function expectSentence({ exitCode, stderr }: CommandEnd, status: number, path: string): void {
  expect(exitCode).toBe(status);
  expect(stderr).not.toMatch(/unexpected|at .+:\d+:\d+/);
  expect(stderr).toContain(path);
}

describe.skipIf(nobodyObstacle !== undefined)('a folder that sudo left behind', () => {
  const commands = [['login', ...account], ['profile'], ['sessions'], ['logout'], []];

  it('of the sessions: every command says how to take it over', async ({ poorHome: home, daemon }) => {
    const state = join(home, '.local', 'state', 'authsvc');
    const env = { AUTHSVC_URL: daemon.url, AUTHSVC_STORAGE: 'file' };
    await runAsNobody(['register', ...account], home, env);
    expect((await runAsNobody(['login', ...account], home, env)).exitCode).toBe(0);
    execFileSync('chown', ['-R', '0:0', state]);
    for (const args of commands) {
      const end = await runAsNobody(args, home, env);
      expectSentence(end, 1, takeOver(state));
    }
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, state]);
    expect((await runAsNobody(['profile'], home, env)).exitCode).toBe(0);
  });

  it('above that of the sessions', async ({ poorHome: home, daemon }) => {
    await mkdir(join(home, '.local'), { mode: 0o755 });
    const env = { AUTHSVC_URL: daemon.url, AUTHSVC_STORAGE: 'file' };
    await runAsNobody(['register', ...account], home, env);
    const end = await runAsNobody(['login', ...account], home, env);
    expectSentence(end, 1, takeOver(join(home, '.local')));
  });

  it.for([
    ['the data folder', [], ['daemon', 'start'], 3],
    ['the data folder', [], ['serve'], 1],
    ['the log folder', ['logs'], ['daemon', 'start'], 1],
  ] as const)(
    'as %s: a daemon does not start, and says how to take it over',
    async ([, below, args, status], { poorHome: home }) => {
      const data = join(home, 'data');
      await mkdir(data, { mode: 0o700 });
      await chown(data, NOBODY, NOBODY);
      const folder = join(data, ...below);
      await mkdir(folder, { mode: 0o700, recursive: true });
      await chown(folder, 0, 0);
      const end = await runAsNobody(args, home, { AUTHSVC_DATA_DIR: data, AUTHSVC_LISTEN_PORT: '0' });
      expectSentence(end, status, takeOver(folder));
    },
  );

  it.for([
    ['daemon', 'status'],
    ['daemon', 'stop'],
    ['daemon', 'logs'],
    ['users', 'list'],
    ['restore', 'a.db'],
  ])('as the data folder, for %j', async (args, { poorHome: home }) => {
    const data = join(home, 'data');
    await mkdir(data, { mode: 0o700 });
    const end = await runAsNobody(args, home, { AUTHSVC_DATA_DIR: data });
    expect(end.exitCode).toBeGreaterThan(0);
    expect(end.stderr).not.toMatch(/unexpected|at .+:\d+:\d+/);
  });

  it('as the folder of systemd units', async ({ poorHome: home }) => {
    await mkdir(join(home, '.config'), { mode: 0o755 });
    const end = await runAsNobody(['daemon', 'install', '--reset-delivery', 'operator'], home);
    expectSentence(end, 1, takeOver(join(home, '.config')));
  });

  it('as the folder of a backup', async ({ poorHome: home }) => {
    const env = { AUTHSVC_DATA_DIR: join(home, 'data'), AUTHSVC_LISTEN_PORT: '0' };
    expect((await runAsNobody(['daemon', 'start'], home, env)).exitCode).toBe(0);
    try {
      await mkdir(join(home, 'backups'), { mode: 0o755 });
      const foreign = await runAsNobody(['backup', join(home, 'backups', 'a.db')], home, env);
      expectSentence(foreign, 2, takeOver(join(home, 'backups')));
      const missing = await runAsNobody(['backup', join(home, 'none', 'a.db')], home, env);
      expectSentence(missing, 2, `mkdir -p ${quoted(join(home, 'none'))}`);
    } finally {
      await runAsNobody(['daemon', 'stop'], home, env);
    }
  });

  it('is not to be taken over where it is one of the system', async ({ poorHome: home }) => {
    const end = await runAsNobody(['daemon', 'start'], home, { AUTHSVC_DATA_DIR: '/etc/authsvc-data' });
    expectSentence(end, 1, '/etc belongs to another user');
    expect(end.stderr).not.toContain('chown');
  });
});

describe.skipIf(smallDiskObstacle !== undefined)('a home that is read-only', () => {
  it('is named by every command that would write there, with the setting that moves it', async ({ home, daemon }) => {
    const path = join(home, 'read-only');
    await mkdir(path);
    const disk = mountSmallDisk(path, 1_048_576);
    try {
      disk.makeReadOnly();
      const run = (args: readonly string[]) =>
        runAuthsvc(args, {
          home: path,
          env: { AUTHSVC_URL: daemon.url, AUTHSVC_STORAGE: 'file' },
          input: 'correct horse battery\n',
        });
      await run(['register', ...account]);
      const ends = {
        login: await run(['login', ...account]),
        start: await run(['daemon', 'start']),
        serve: await run(['serve']),
        install: await run(['daemon', 'install', '--reset-delivery', 'operator']),
      };
      for (const end of Object.values(ends)) {
        expectSentence(end, 1, path);
        expect(end.stderr).toContain('ile system is read-only');
      }
      expect(ends.login.stderr).toContain('XDG_STATE_HOME');
      expect(ends.install.stderr).toContain('XDG_CONFIG_HOME');
    } finally {
      disk.unmount();
    }
  });
});

describe.skipIf(nobodyObstacle !== undefined)('root, on what another user owns', () => {
  it('starts no service on a data folder', async ({ machine }) => {
    await mkdir(machine.dataFolder, { mode: 0o700 });
    await chown(machine.dataFolder, 1000, 1000);
    const sentence = `the data folder ${machine.dataFolder} belongs to another user (uid 1000); run authsvc as that user, or take it over with: sudo chown -R "$(id -un)" ${machine.dataFolder}`;
    const serve = await machine.authsvc(['serve']);
    expect(serve).toEqual({ exitCode: 1, stdout: '', stderr: `authsvc: ${sentence}` });
    const start = await machine.authsvc(['daemon', 'start']);
    expect(start.exitCode).toBe(1);
    expect(start.stderr).toContain(sentence.slice(1));
  });

  it('starts no service on a database, and leaves it to its owner', async ({ machine }) => {
    await machine.start();
    await machine.stop();
    const database = join(machine.dataFolder, 'authsvc.db');
    await chown(database, 1000, 1000);
    const { exitCode, stderr } = await machine.authsvc(['serve']);
    expect([exitCode, stderr]).toEqual([
      1,
      `authsvc: the database ${database} belongs to another user (uid 1000); run authsvc as that user, or take it over with: sudo chown -R "$(id -un)" ${database}`,
    ]);
    expect((await stat(database)).uid).toBe(1000);
  });
});

describe('a file in the place of a folder', () => {
  it('is named', async ({ home }) => {
    await writeFile(join(home, 'file'), '');
    const env = { AUTHSVC_DATA_DIR: join(home, 'file', 'data') };
    const end = await runAuthsvc(['daemon', 'start'], { home, env });
    expectSentence(end, 1, `${home}/file is a file, where a folder belongs`);
  });
});
