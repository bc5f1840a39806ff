import { readdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { it } from '../support/journey.ts';
import type { Environment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const named = ['--email', email, '--password-stdin'];

type Wrong = readonly [
  args: readonly string[],
  input: string | undefined,
  env: Environment,
  exitCode: number,
  code: string,
];

/** What is refused before any server is asked: none listens here. */
const wrongUsage: readonly Wrong[] = [
  [['regster'], undefined, {}, 2, 'usage'],
  [['register', '--emial', email], undefined, {}, 2, 'usage'],
  [['register', 'surplus'], undefined, {}, 2, 'usage'],
  [['register', '--email'], undefined, {}, 2, 'usage'],
  [['register'], undefined, {}, 2, 'input_required'],
  [['register', '--email', email], undefined, {}, 2, 'input_required'],
  [['register', '--email', 'nonsense', '--password-stdin'], password, {}, 2, 'usage'],
  [['login', '--no-input'], undefined, {}, 2, 'input_required'],
  [['login', '--password', password], undefined, {}, 2, 'usage'],
  [['login', ...named, '--storage', 'cloud'], password, {}, 2, 'usage'],
  [['login', ...named], password, { AUTHSVC_STORAGE: 'cloud' }, 2, 'usage'],
  [['reset', '--email', email], undefined, {}, 2, 'input_required'],
  [['profile', '--url', 'nonsense'], undefined, {}, 2, 'usage'],
  [['profile', '--url', 'ftp://127.0.0.1'], undefined, {}, 2, 'usage'],
  [['login', ...named, '--url', 'http://example.com'], password, {}, 2, 'insecure_url'],
  [['profile'], undefined, { AUTHSVC_SESSION: 'not a token' }, 2, 'usage'],
  [['profile'], undefined, {}, 4, 'not_logged_in'],
];

const nobodyListens = { AUTHSVC_URL: 'http://127.0.0.1:9', AUTHSVC_STORAGE: 'file' };

describe('a wrong command', () => {
  it.for(wrongUsage)(
    'authsvc %j is refused, and writes nothing',
    async ([args, input, env, exitCode, code], { home }) => {
      const options = { home, env: { ...nobodyListens, ...env }, input };
      const asJson = await runAuthsvc([...args, '--json'], options);
      expect(asJson).toEqual({ exitCode, stdout: expect.any(String), stderr: '' });
      expect(JSON.parse(asJson.stdout)).toEqual({ error: { code, message: expect.stringMatching(/\S/) } });

      const forPeople = await runAuthsvc(args, options);
      expect(forPeople).toEqual({ exitCode, stdout: '', stderr: expect.stringMatching(/^✗ \S/) });
      expect(forPeople.stderr.split('\n').length).toBeLessThanOrEqual(3);
      for (const { stdout, stderr } of [asJson, forPeople]) {
        for (const leak of ['\u001b', password]) expect(stdout + stderr).not.toContain(leak);
      }
      expect(await readdir(home)).toEqual([]);
    },
  );

  it('against no daemon says so, and how to start one', async ({ home }) => {
    for (const args of [
      ['register', ...named],
      ['login', ...named],
      ['reset', ...named],
    ]) {
      const end = await runAuthsvc(args, { home, env: nobodyListens, input: password });
      expect(end).toEqual({ exitCode: 3, stdout: '', stderr: expect.stringContaining('authsvc daemon start') });
    }
  });

  it('gets the exit status of what the service refuses', async ({ authsvc }) => {
    const status = async (args: readonly string[], input: string) => {
      const { exitCode, stdout } = await authsvc([...args, '--json'], { input, env: { AUTHSVC_STORAGE: 'file' } });
      return [exitCode, (JSON.parse(stdout) as { error?: { code: string } }).error?.code];
    };
    expect(await status(['register', ...named], 'short')).toEqual([5, 'password_rejected']);
    expect(await status(['register', ...named], '')).toEqual([2, 'input_required']);
    expect(await status(['register', ...named], password)).toEqual([0, undefined]);
    expect(await status(['register', ...named], password)).toEqual([5, 'email_taken']);
    expect(await status(['login', ...named], 'a wrong password')).toEqual([4, 'invalid_credentials']);
    const unknown = ['reset', '--email', 'nobody@example.com', '--password-stdin'];
    expect(await status(unknown, password)).toEqual([5, 'unknown_email']);
    expect(await status(['reset', ...named, '--token-stdin'], `nonsense\n${password}`)).toEqual([
      5,
      'invalid_reset_token',
    ]);
    expect(await status(['reset', ...named], 'short')).toEqual([5, 'password_rejected']);
    expect(await status(['login', ...named], password)).toEqual([0, undefined]);
  });
});

describe('authsvc serve', () => {
  it('tells every wrong setting at once, and makes nothing', async ({ home }) => {
    const env = {
      AUTHSVC_LISTEN_PORT: 'http',
      AUTHSVC_LISTEN_HOST: '0.0.0.0',
      AUTHSVC_BCRYPT_COST: '4',
      AUTHSVC_LOG_LEVEL: 'loud',
      AUTHSVC_DATABASE_URL: 'oracle:secret@host',
    };
    const { exitCode, stdout, stderr } = await runAuthsvc(['serve'], { home, env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    for (const name of Object.keys(env)) expect(stderr).toContain(name);
    expect(stderr).not.toContain('oracle:secret');
    expect(await readdir(home)).toEqual([]);
  });

  it('names the port that is taken', async ({ daemon, home }) => {
    const { port } = new URL(daemon.url);
    const env = { AUTHSVC_LISTEN_PORT: port, AUTHSVC_DATA_DIR: `${home}/other` };
    const { exitCode, stdout, stderr } = await runAuthsvc(['serve'], { home, env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(port);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
