import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { smallDiskObstacle, withSmallDisk } from '../chaos/small-disk.ts';
import { expectEnd, it } from '../support/journey.ts';
import { authsvcFile, cleanEnvironment, type Environment } from '../support/program.ts';
import { runAuthsvc, runInto } from '../support/run-authsvc.ts';

const FULL = '/dev/full';
const email = 'ada@example.com';
const password = 'correct horse battery';
const account = ['--email', email, '--password-stdin'];

/** Every command that prints results without being asked for `--json`. */
const printing = [
  ['--help'],
  ['--version'],
  ['help', 'login'],
  ['completion', 'bash'],
  [],
  ['profile'],
  ['sessions'],
  ['login', ...account, '--print-session'],
  ['users', 'list'],
  ['users', 'show', email],
  ['users', 'reset', email],
  ['users', 'export'],
  ['audit'],
  ['daemon', 'status'],
  ['daemon', 'logs'],
  ['daemon', 'logs', '--follow'],
  ['audit', '--follow'],
  ['daemon', 'install', '--reset-delivery', 'operator'],
  ['doctor'],
];

/** And those that print results with it. */
const withJson = [
  [],
  ['profile'],
  ['login', ...account],
  ['login', ...account, '--print-session'],
  ['users', 'list'],
  ['users', 'reset', email],
  ['users', 'disable', 'grace@example.com'],
  ['users', 'delete', 'grace@example.com', '--yes'],
  ['daemon', 'status'],
  ['daemon', 'start'],
  ['daemon', 'logs'],
  ['doctor'],
  ['completion', 'bash'],
].map((args) => [...args, '--json']);

/** The error line on standard error, without what a command notes beside its results. */
const errorOf = (stderr: string) => stderr.split('\n').find((line) => line.startsWith('✗'));

describe('results that cannot be written', () => {
  it('are an error of every command, in one sentence', { timeout: 300_000 }, async ({ machine, home }) => {
    const { url } = await machine.start();
    const env = { ...machine.env, AUTHSVC_URL: url, AUTHSVC_STORAGE: 'file' };
    const input = `${password}\n`;
    for (const args of [
      ['register', ...account],
      ['register', '--email', 'grace@example.com', '--password-stdin'],
      ['login', ...account],
    ]) {
      await runAuthsvc(args, { home, env, input });
    }
    const ends = [];
    for (const args of [...printing, ...withJson]) {
      const { exitCode, stderr } = await runInto(args, { home, env, input, stdout: FULL });
      ends.push([
        args.join(' '),
        exitCode,
        /^✗ .+ could not be written.* \(no space left on device\)$/.test(errorOf(stderr) ?? '') || stderr,
      ]);
    }
    expect(ends).toEqual([...printing, ...withJson].map((args) => [args.join(' '), 1, true]));
  });

  it('are an error where standard output is open for reading alone', async ({ home }) => {
    const { exitCode, stderr } = await runInto(['--version'], { home, stdout: '/dev/null', flags: 'r' });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: '✗ The results could not be written to standard output (it is not open for writing)',
    });
  });

  it('leave an error of the command itself its status, and its sentence', async ({ home }) => {
    const { exitCode, stderr } = await runInto(['profile', '--json'], { home, stdout: FULL });
    expectEnd({ exitCode, stderr }, 4, [
      '✗ You are not logged in to http://127.0.0.1:4100',
      '  Log in: authsvc login',
      '✗ The results could not be written to standard output (no space left on device)',
    ]);
  });

  it.skipIf(smallDiskObstacle !== undefined)('are missed also where a disk takes a part of them', async ({ home }) => {
    const { exitCode, stderr } = await withSmallDisk(join(home, 'disk'), 4096, (disk) =>
      runInto(['completion', 'bash'], { home, stdout: join(disk, 'completion.bash') }),
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: '✗ The results could not be written to standard output (no space left on device)',
    });
  });

  it('do not matter to a reader that has gone', async ({ home }) => {
    const command = `"${process.execPath}" "${authsvcFile}" completion bash | head -c 1; echo " \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', command], { env: cleanEnvironment(home), extendEnv: false });
    expect([stdout.split(' ')[1], stderr]).toEqual(['0', '']);
  });
});

describe('a session that could not be printed', () => {
  it('has ended', async ({ daemon, home, authsvc }) => {
    await authsvc(['register', ...account], { input: `${password}\n` });
    const env = { AUTHSVC_URL: daemon.url };
    const { exitCode, stderr } = await runInto(['login', ...account, '--print-session'], {
      home,
      env,
      input: `${password}\n`,
      stdout: FULL,
    });
    expectEnd({ exitCode, stderr }, 1, [
      '✗ The session token could not be written to standard output (no space left on device)',
      '  The session has been ended.',
    ]);
    const login = await authsvc(['login', ...account, '--print-session'], { input: `${password}\n` });
    const sessions = await authsvc(['sessions', '--json'], { env: { AUTHSVC_SESSION: login.stdout } });
    expect(JSON.parse(sessions.stdout).sessions).toHaveLength(1);
  });
});

describe('a reset token that could not be printed', () => {
  it('is said to be lost, with the way to another', async ({ machine, home }) => {
    const { url } = await machine.start();
    const env = { ...machine.env, AUTHSVC_URL: url };
    await runAuthsvc(['register', ...account], { home, env, input: password });
    const { exitCode, stderr } = await runInto(['users', 'reset', email], { home, env, stdout: FULL });
    expectEnd({ exitCode, stderr }, 1, [
      '✗ The reset token could not be written to standard output (no space left on device)',
      '  It was made but is lost, since it is not stored anywhere.',
      '  Make another: authsvc users reset ada@example.com',
    ]);
  });
});

function runWithFullError(args: readonly string[], env: Environment) {
  const line = ['-c', '"$0" "$@" 2>/dev/full', process.execPath, authsvcFile, ...args];
  return execa('bash', line, { env, extendEnv: false, reject: false, input: `${password}\n` });
}

describe('notes that cannot be written', () => {
  it('change nothing of what a command does', async ({ daemon, home }) => {
    const args = ['register', ...account, '--json'];
    const { exitCode, stdout } = await runWithFullError(args, cleanEnvironment(home, { AUTHSVC_URL: daemon.url }));
    expect([exitCode, JSON.parse(stdout).email]).toEqual([0, email]);
  });

  it('leave an error its status', async ({ home }) => {
    const { exitCode, stdout } = await runWithFullError(['profile'], cleanEnvironment(home));
    expect([exitCode, stdout]).toEqual([4, '']);
  });
});
