import { describe, expect, it } from 'vitest';
import { startContractServer } from './testing/contract-server.ts';
import { createTestMachine } from './testing/test-machine.ts';

describe('run', () => {
  it('suggests the command and the option that were meant', async () => {
    const { authsvc } = createTestMachine();
    expect(await authsvc(['logn'])).toEqual({
      status: 2,
      stdout: '',
      stderr: "✗ Unknown command 'logn'\n  Did you mean login?\n  See: authsvc --help\n",
    });
    expect(await authsvc(['login', '--emial', 'a@b.c'])).toEqual({
      status: 2,
      stdout: '',
      stderr: "✗ Unknown option '--emial'\n  Did you mean --email?\n  See: authsvc --help\n",
    });
  });

  it.each([
    [['login', 'ada@example.com'], "Too many arguments for 'login'. Expected 0 arguments but got 1."],
    [['--bogus'], "Unknown option '--bogus'"],
    [['login', '--email'], "Option '--email <email>' argument missing"],
    [['login', '--password=hunter22'], "Unknown option '--password'"],
    [['help', 'bogus'], 'There is no such command'],
    [['login', '--storage', 'disk'], '--storage is "keychain" or "file"'],
    [
      ['login', '--storage', 'file', '--print-session'],
      "Option '--print-session' cannot be used with option '--storage <where>'",
    ],
    [['profile', '--email', 'ada'], '--email is an email address, as in ada@example.com, and not "ada"'],
    [['profile', '--url', 'localhost:4100'], '--url is not the address of a server. It is a scheme'],
  ])('says what is wrong with %j as one JSON value', async (args, message) => {
    const { status, stdout, stderr } = await createTestMachine().authsvc([...args, '--json']);
    expect([status, JSON.parse(stdout), stderr]).toEqual([
      2,
      { error: { code: 'usage', message: expect.stringContaining(message) } },
      '',
    ]);
  });

  it.each([['--version'], ['-V']])('answers %s', async (option) => {
    expect(await createTestMachine().authsvc([option])).toEqual({ status: 0, stdout: '1.1.0\n', stderr: '' });
  });

  it('lists every command in its help, and the help of each has examples', async () => {
    const { authsvc } = createTestMachine();
    const { status, stdout, stderr } = await authsvc(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const name of ['register', 'login', 'logout', 'profile', 'reset', 'serve']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      const page = await authsvc([name, '--help']);
      expect([page.status, page.stderr]).toEqual([0, '']);
      expect(page.stdout).toContain(`Usage: authsvc ${name} [options]`);
      expect(page.stdout).toContain('Examples:');
      expect(page.stdout).toContain('Global Options:');
      expect(await authsvc(['help', name])).toEqual(page);
    }
  });

  it('takes the global options before and after the command', async () => {
    const { authsvc } = createTestMachine();
    const before = await authsvc(['--json', '--url', 'http://127.0.0.1:1', 'profile']);
    expect(before).toEqual(await authsvc(['profile', '--json', '--url', 'http://127.0.0.1:1']));
    expect(before).toEqual({
      status: 4,
      stdout: '{"error":{"code":"not_logged_in","message":"You are not logged in to http://127.0.0.1:1"}}\n',
      stderr: '',
    });
  });

  it.each([
    [['register'], '--email'],
    [['register', '--email', 'ada@example.com'], '--password-stdin'],
    [['login'], '--email'],
    [['login', '--email', 'ada@example.com'], '--password-stdin'],
    [['reset'], '--email'],
    [['reset', '--email', 'ada@example.com'], '--password-stdin'],
    [['reset', '--email', 'ada@example.com', '--token-stdin'], '--password-stdin'],
  ])('names the missing answer of %j at once, while standard input stays open', async (args, option) => {
    const server = await startContractServer();
    const { authsvc, files, keychain } = createTestMachine({ AUTHSVC_URL: server.url });
    const message = `${option} is required when not running interactively`;
    expect(await authsvc(args)).toEqual({ status: 2, stdout: '', stderr: `✗ ${message}\n` });
    expect(await authsvc([...args, '--json'])).toEqual({
      status: 2,
      stdout: `${JSON.stringify({ error: { code: 'input_required', message } })}\n`,
      stderr: '',
    });
    expect([server.received, files(), keychain.calls]).toEqual([[], {}, []]);
  });

  it('sends secrets over plain http to this machine alone', async () => {
    const { authsvc, files, keychain } = createTestMachine({ AUTHSVC_URL: 'http://auth.example.com' });
    const login = ['login', '--email', 'ada@example.com', '--password-stdin'];
    expect(await authsvc(login, { input: 'correct horse' })).toEqual({
      status: 2,
      stdout: '',
      stderr: [
        '✗ http://auth.example.com would carry your password over the network unencrypted',
        '  Plain http is for this machine alone; nothing was sent.',
        '  Use https, as in --url https://auth.example.com, or insist with --insecure-http',
        '',
      ].join('\n'),
    });
    expect([files(), keychain.calls]).toEqual([{}, []]);
  });

  it.each([
    [429, 'rate_limited', 6, 'Too many attempts; try again in 42 s'],
    [503, 'overloaded', 6, 'authsvc has too much to do; try again in 42 s'],
    [503, 'database_unavailable', 6, "authsvc's database does not answer; try again in 42 s"],
    [400, 'invalid_request', 2, 'The service says so'],
    [421, 'misdirected_request', 2, 'The service says so'],
    [500, 'internal', 1, 'The service says so'],
    [418, 'of_a_later_version', 1, 'The service says so'],
  ])('maps %i %s to exit status %i', async (httpStatus, code, status, message) => {
    const server = await startContractServer();
    const body = { code, message: 'the service says so' };
    server.script('POST /users', { status: httpStatus, headers: { 'retry-after': '42' }, body });
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const args = ['register', '--email', 'ada@example.com', '--password-stdin'];
    expect(await authsvc(args, { input: 'correct horse' })).toEqual({ status, stdout: '', stderr: `✗ ${message}\n` });
    expect(JSON.parse((await authsvc([...args, '--json'], { input: 'correct horse' })).stdout)).toEqual({
      error: { code, message },
    });
  });

  it('shows with --debug what it does, and never a secret', async () => {
    const server = await startContractServer();
    server.users.set('ada@example.com', 'correct horse');
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const login = ['login', '--email', 'ada@example.com', '--password-stdin', '--debug'];
    const { stderr } = await authsvc(login, { input: 'correct horse' });
    expect(stderr).toContain(`debug: POST ${server.url}/sessions answered 200\n`);
    const refused = await authsvc(login, { input: 'wrong horse' });
    expect(refused.stderr).toContain('debug: CliError: Wrong email or password');
    for (const secret of ['correct horse', 'wrong horse', ...server.sessions.keys()]) {
      expect(stderr + refused.stderr).not.toContain(secret);
    }
  });

  it('lets no escape sequence of the server through', async () => {
    const server = await startContractServer();
    server.script('POST /users', { status: 400, body: { code: 'invalid_request', message: 'red \u001b[31m alert' } });
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const args = ['register', '--email', 'ada@example.com', '--password-stdin'];
    expect((await authsvc(args, { input: 'correct horse' })).stderr).toBe('✗ Red  [31m alert\n');
  });
});
