import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startContractServer } from './testing/contract-server.ts';
import { authsvcFile } from './testing/pseudo-terminal.ts';
import { isKeychainMissing, makeLockedHome, PROMPTER, startBus } from './testing/secret-service.ts';

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-main-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

const options = { extendEnv: false, reject: false, cleanup: true } as const;

/** Run the built program; without an input, its standard input stays open and silent. */
function authsvc(args: readonly string[], env: Readonly<Record<string, string>>, input?: string) {
  const child = execa(process.execPath, [authsvcFile, ...args], { ...options, env, stdin: 'pipe' });
  if (input !== undefined) child.stdin.write(input);
  return child;
}

describe('the program', () => {
  it.each([['--version'], ['-V'], ['--version', '--json']])('answers %j', async (...args) => {
    const { exitCode, stdout, stderr } = await authsvc(args, { HOME: makeHome() });
    expect([exitCode, stdout, stderr]).toEqual([0, '1.1.0', '']);
  });

  it.each([['register'], ['login'], ['reset']])('ends %s within 2 s where no prompt is possible', async (command) => {
    const home = makeHome();
    const child = execa(process.execPath, [authsvcFile, command], { ...options, env: { HOME: home }, timeout: 2000 });
    const { exitCode, stdout, stderr, timedOut } = await child;
    expect([timedOut, exitCode, stdout, stderr]).toEqual([
      false,
      2,
      '',
      '✗ --email is required when not running interactively',
    ]);
    expect(readdirSync(home)).toEqual([]);
  });

  it('needs no end of input after the line that it was promised', async () => {
    const server = await startContractServer();
    const env = { HOME: makeHome(), AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' };
    const args = ['--email', 'ada@example.com', '--password-stdin', '--json'];
    const register = await authsvc(['register', ...args], env, 'correct horse\n');
    expect([register.exitCode, register.stdout]).toEqual([0, `{"email":"ada@example.com","server":"${server.url}"}`]);
    const login = await authsvc(['login', ...args], env, 'correct horse\n');
    expect([login.exitCode, login.stderr]).toEqual([0, '']);
    const profile = await authsvc(['profile', '--json'], env);
    expect([profile.exitCode, profile.stderr]).toEqual([0, '']);
    expect(JSON.parse(profile.stdout)).toMatchObject({ email: 'ada@example.com', storage: 'file' });
  });

  it('remembers every account of logins that end at the same moment', async () => {
    const server = await startContractServer();
    const emails = ['ada', 'grace', 'joan', 'mary'].map((name) => `${name}@example.com`);
    for (const email of emails) server.users.set(email, 'correct horse');
    const env = { HOME: makeHome(), AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' };
    // All of them wait for this lock, so that they go on at the same time.
    const state = join(env.HOME, '.local', 'state', 'authsvc');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'accounts.json.lock'), '');
    const logins = emails.map((email) =>
      authsvc(['login', '--email', email, '--password-stdin'], env, 'correct horse\n'),
    );
    const ends = await Promise.all(logins);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const { accounts } = JSON.parse((await authsvc(['profile', '--all', '--json'], env)).stdout);
    expect(accounts.map(({ email }: { email: string }) => email).sort()).toEqual(emails);
  });

  it('ends quietly when its reader has gone', async () => {
    const child = spawn(process.execPath, [authsvcFile, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await once(child, 'close');
    expect(stderr).toBe('');
  });
});

describe.skipIf(isKeychainMissing)('the program with a Secret Service', () => {
  it('keeps the session there through a journey, and no secret in any file', async () => {
    const server = await startContractServer();
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    server.users.set('ada@example.com', 'correct horse');
    const env = { ...bus.env, AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'keychain' };
    const login = await authsvc(
      ['login', '--email', 'ada@example.com', '--password-stdin', '--json'],
      env,
      'correct horse\n',
    );
    expect([login.exitCode, JSON.parse(login.stdout)]).toMatchObject([0, { storage: 'keychain' }]);
    const profile = await authsvc(['profile', '--json'], env);
    expect([profile.exitCode, JSON.parse(profile.stdout)]).toMatchObject([0, { email: 'ada@example.com' }]);
    expect(readdirSync(join(bus.home, '.local', 'state', 'authsvc'))).toEqual(['accounts.json']);
    expect((await authsvc(['logout'], env)).exitCode).toBe(0);
    expect((await authsvc(['profile'], env)).exitCode).toBe(4);
  });

  it('ends with 7 within 4 s where the prompt of the keyring gets no answer, before anything is sent', async () => {
    const server = await startContractServer();
    const bus = await startBus({ home: await makeLockedHome(), silentServices: [PROMPTER] });
    await bus.startKeyring('locked');
    const args = ['login', '--email', 'ada@example.com', '--password-stdin'];
    const child = execa(process.execPath, [authsvcFile, ...args], {
      ...options,
      env: { ...bus.env, AUTHSVC_URL: server.url },
      input: 'correct horse',
      timeout: 4000,
    });
    const { exitCode, timedOut, stdout, stderr } = await child;
    expect([timedOut, exitCode, stdout, stderr.split('\n')[0]]).toEqual([
      false,
      7,
      '',
      '✗ The system keychain is locked',
    ]);
    expect(server.received).toEqual([]);
  });
});
