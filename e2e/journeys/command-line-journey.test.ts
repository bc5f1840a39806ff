import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { findSecretServiceObstacle } from '../../test/secret-service.mjs';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import type { Environment } from '../support/program.ts';
import type { CommandEnd } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const newPassword = 'staple after staple';
const noKeychain =
  '! No system keychain here (no Secret Service on D-Bus): the session is kept in a file that only you can read';

type Authsvc = (
  args: readonly string[],
  options?: { env?: Environment; input?: string | undefined },
) => Promise<CommandEnd>;

/** Register, log in, be known, log out, be refused, reset, log in with the new password. */
async function wholeJourney(authsvc: Authsvc, url: string, storage: 'keychain' | 'file', env: Environment) {
  const json = async (args: readonly string[], input?: string) => {
    const { exitCode, stdout, stderr } = await authsvc([...args, '--json'], { env, input });
    return { exitCode, answer: JSON.parse(stdout) as unknown, notes: stderr };
  };
  const expires_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const warning = storage === 'file' ? noKeychain : '';

  expect(await json(['register', '--email', email, '--password-stdin'], password)).toEqual({
    exitCode: 0,
    answer: { email, server: url },
    notes: '',
  });
  expect(await json(['profile'])).toMatchObject({ exitCode: 4, answer: { error: { code: 'not_logged_in' } } });
  expect(await json(['login', '--email', email, '--password-stdin'], password)).toEqual({
    exitCode: 0,
    answer: { email, server: url, storage, expires_at },
    notes: warning,
  });
  expect(await json(['profile'])).toEqual({
    exitCode: 0,
    answer: { email, server: url, storage, expires_at },
    notes: '',
  });
  expect(await json(['logout'])).toEqual({ exitCode: 0, answer: { email, server: url, ended: true }, notes: '' });
  expect(await json(['profile'])).toMatchObject({ exitCode: 4, answer: { error: { code: 'not_logged_in' } } });

  const reset = { exitCode: 0, answer: { email, server: url, status: 'password_updated' }, notes: '' };
  expect(await json(['reset', '--email', email, '--password-stdin'], newPassword)).toEqual(reset);
  expect(await json(['login', '--email', email, '--password-stdin'], password)).toMatchObject({
    exitCode: 4,
    answer: { error: { code: 'invalid_credentials' } },
  });
  expect(await json(['login', '--email', email, '--password-stdin'], newPassword)).toMatchObject({ exitCode: 0 });
  expect(await json(['profile'])).toMatchObject({ exitCode: 0, answer: { email } });
  // The reset forgot the device that was kept, and the login after it gave another.
  expect(await json(['logout'])).toMatchObject({ exitCode: 0 });
  expect(await json(['login', '--email', email, '--password-stdin'], newPassword)).toMatchObject({ exitCode: 0 });
  expect(await json(['sessions'])).toMatchObject({ exitCode: 0, answer: { devices: [{ current: true }] } });
}

describe.skipIf(findSecretServiceObstacle())('the command line with a Secret Service', () => {
  it('keeps the session in the keychain through a whole journey', async ({ authsvc, daemon, home, secretService }) => {
    await wholeJourney(authsvc, daemon.url, 'keychain', secretService.env);
    expect(await readdir(join(home, '.local', 'state', 'authsvc'))).not.toContain('sessions');
  });

  it('tells a locked keyring from a missing login, and bypasses neither', async ({ authsvc, secretService }) => {
    const { env, lock } = secretService;
    const login = ['login', '--email', email, '--password-stdin', '--json'];
    await authsvc(['register', '--email', email, '--password-stdin'], { env, input: password });
    await authsvc(login, { env, input: password });
    await lock();

    for (const args of [['profile', '--json'], login]) {
      const { exitCode, stdout } = await authsvc(args, { env, input: password });
      expect([exitCode, JSON.parse(stdout)]).toMatchObject([7, { error: { code: 'keychain_locked' } }]);
    }
  });
});

describe('the command line without a Secret Service', () => {
  it('keeps the session in a private file through a whole journey, and says so', async ({ authsvc, daemon, home }) => {
    await wholeJourney(authsvc, daemon.url, 'file', {});
    const folder = join(home, '.local', 'state', 'authsvc');
    const [file = ''] = await readdir(join(folder, 'sessions'));
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect([await mode(folder), await mode(join(folder, 'sessions', file))]).toEqual(['700', '600']);
  });

  it('refuses where the keychain is demanded, before anything is sent', async ({ authsvc, daemon, home }) => {
    const env = { AUTHSVC_STORAGE: 'keychain' };
    await authsvc(['register', '--email', email, '--password-stdin'], { input: password });
    const { exitCode, stdout } = await authsvc(['login', '--email', email, '--password-stdin', '--json'], {
      env,
      input: password,
    });
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([7, { error: { code: 'keychain_unavailable' } }]);
    expect(daemon.stderr()).not.toContain('logged');
    expect(await readdir(join(home, '.local', 'state', 'authsvc'))).not.toContain('sessions');
  });
});

describe('AUTHSVC_SESSION', () => {
  it('carries a session that login printed, until that session ends', async ({ authsvc, daemon }) => {
    await authsvc(['register', '--email', email, '--password-stdin'], { input: password });
    const login = await authsvc(['login', '--print-session', '--email', email, '--password-stdin'], {
      input: password,
    });
    expect(login).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[\w-]{43}$/) });
    const env = { AUTHSVC_SESSION: login.stdout };

    const profile = await authsvc(['profile', '--json'], { env });
    expect([profile.exitCode, JSON.parse(profile.stdout)]).toEqual([
      0,
      { email, server: daemon.url, storage: 'environment', expires_at: null },
    ]);
    expect(await authsvc(['logout'], { env })).toMatchObject({ exitCode: 0 });
    expect((await send(daemon.url, 'GET /profile', { session: login.stdout })).status).toBe(403);
    expect(await authsvc(['profile'], { env })).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('reset --token-stdin', () => {
  it('reads the token and the new password from two lines', async ({ authsvc, daemon }) => {
    await authsvc(['register', '--email', email, '--password-stdin'], { input: password });
    const { body } = await send(daemon.url, 'POST /reset_password', { json: { email } });
    const { reset_token } = body as { reset_token: string };
    const args = ['reset', '--email', email, '--token-stdin', '--password-stdin'];
    expect(await authsvc(args, { input: `${reset_token}\n${newPassword}\n` })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(await authsvc(args, { input: `${reset_token}\n${newPassword}\n` })).toMatchObject({
      exitCode: 5,
      stdout: '',
    });
    expect((await send(daemon.url, 'POST /sessions', { json: { email, password: newPassword } })).status).toBe(200);
  });
});

describe('two homes', () => {
  it('have two users who never see each other', async ({ authsvc, home }) => {
    const people = ['ada@example.com', 'grace@example.com'].map((address) => ({
      address,
      env: { HOME: join(home, address), AUTHSVC_STORAGE: 'file' },
    }));
    for (const { address, env } of people) {
      await mkdir(env.HOME);
      await authsvc(['register', '--email', address, '--password-stdin'], { env, input: password });
      await authsvc(['login', '--email', address, '--password-stdin'], { env, input: password });
    }
    const [ada, grace] = people;
    const whoIs = async (env: Environment = {}) => {
      const { exitCode, stdout } = await authsvc(['profile', '--json'], { env });
      return exitCode === 0 ? (JSON.parse(stdout) as { email: string }).email : exitCode;
    };
    expect([await whoIs(ada?.env), await whoIs(grace?.env)]).toEqual(['ada@example.com', 'grace@example.com']);
    await authsvc(['logout'], ada);
    expect([await whoIs(ada?.env), await whoIs(grace?.env)]).toEqual([4, 'grace@example.com']);
    await authsvc(['reset', '--email', 'ada@example.com', '--password-stdin'], { ...ada, input: newPassword });
    expect(await whoIs(grace?.env)).toBe('grace@example.com');
  });
});
