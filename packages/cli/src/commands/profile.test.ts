import { describe, expect, it } from 'vitest';
import { startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const input = 'correct horse';
const expires_at = '2026-12-22T16:40:00Z';

async function startJourney(env: Readonly<Record<string, string>> = {}) {
  const server = await startContractServer();
  const machine = createTestMachine({ AUTHSVC_URL: server.url, ...env });
  const logIn = async (email: string, ...options: string[]) => {
    server.users.set(email, input);
    await machine.authsvc(['login', '--email', email, '--password-stdin', ...options], { input });
  };
  const profile = async (...options: string[]) => {
    const { status, stdout } = await machine.authsvc(['profile', '--json', ...options]);
    return [status, JSON.parse(stdout)];
  };
  return { server, machine, logIn, profile };
}

describe('authsvc profile', () => {
  it('shows who is logged in', async () => {
    const { machine, server, logIn } = await startJourney();
    await logIn('ada@example.com');
    expect(await machine.authsvc(['profile'])).toEqual({
      status: 0,
      stdout: `Email    ada@example.com\nServer   ${server.url}\nSession  keychain, expires in 30 days\n`,
      stderr: '',
    });
  });

  it('answers --json with the same', async () => {
    const { server, logIn, profile } = await startJourney({ AUTHSVC_STORAGE: 'file' });
    await logIn('ada@example.com');
    expect(await profile()).toEqual([0, { email: 'ada@example.com', server: server.url, storage: 'file', expires_at }]);
  });

  it('tells not logged in, expired, and locked apart', async () => {
    const { machine, server, logIn } = await startJourney();
    const profile = () => machine.authsvc(['profile']);
    expect(await profile()).toEqual({
      status: 4,
      stdout: '',
      stderr: `✗ You are not logged in to ${server.url}\n  Log in: authsvc login\n`,
    });
    await logIn('ada@example.com');
    machine.keychain.state = 'withhold';
    expect(await profile()).toEqual({
      status: 7,
      stdout: '',
      stderr: [
        '✗ The system keychain is locked',
        '  It holds your session, which cannot be read until it is unlocked.',
        '  Unlock it and try again, or log in again: authsvc login',
        '',
      ].join('\n'),
    });
    machine.keychain.state = 'open';
    server.sessions.clear();
    expect(await profile()).toEqual({
      status: 4,
      stdout: '',
      stderr: '✗ Your session has expired\n  Log in again: authsvc login\n',
    });
  });

  it('says how to start a service that is not there', async () => {
    const { machine, server, logIn } = await startJourney();
    await logIn('ada@example.com');
    await server.close();
    expect(await machine.authsvc(['profile'])).toEqual({
      status: 3,
      stdout: '',
      stderr: `✗ Can't reach authsvc at ${server.url} (connection refused)\n  Start it: authsvc daemon start\n`,
    });
  });

  it('takes the account that is named, and that one is then the one used last', async () => {
    const { logIn, profile } = await startJourney();
    await logIn('ada@example.com');
    await logIn('grace@example.com');
    expect(await profile()).toMatchObject([0, { email: 'grace@example.com' }]);
    expect(await profile('--email', 'ADA@example.com')).toMatchObject([0, { email: 'ada@example.com' }]);
    expect(await profile()).toMatchObject([0, { email: 'ada@example.com' }]);
    expect(await profile('--email', 'nobody@example.com')).toMatchObject([4, { error: { code: 'not_logged_in' } }]);
  });

  it('uses AUTHSVC_SESSION before what is stored, and not for whichever server was used last', async () => {
    const { machine, server, logIn, profile } = await startJourney();
    await logIn('ada@example.com');
    server.sessions.set('from-the-environment', 'grace@example.com');
    const env = { AUTHSVC_SESSION: '\u00a0\u200bfrom-the-environment\u2060\r\n' };
    expect(await machine.authsvc(['profile'], { env })).toEqual({
      status: 0,
      stdout: `Email    grace@example.com\nServer   ${server.url}\nSession  environment (AUTHSVC_SESSION)\n`,
      stderr: '',
    });
    const elsewhere = await machine.authsvc([], { env: { ...env, AUTHSVC_URL: '' } });
    expect(elsewhere.stdout).not.toContain(server.url);
    expect(await profile()).toMatchObject([0, { email: 'ada@example.com' }]);
    expect(await machine.authsvc(['profile', '--json'], { env: { AUTHSVC_SESSION: 'a\r\nb: c' } })).toMatchObject({
      status: 2,
    });
    expect(await machine.authsvc(['profile', '--json'], { env: { AUTHSVC_SESSION: 'unknown' } })).toEqual({
      status: 4,
      stdout:
        '{"error":{"code":"session_expired","message":"The session in AUTHSVC_SESSION is not valid, or no longer"}}\n',
      stderr: '',
    });
  });
});

describe('authsvc profile --all', () => {
  it('lists what is stored, and asks no server', async () => {
    const { machine, server, logIn } = await startJourney();
    await logIn('ada@example.com');
    await logIn('grace@example.com', '--storage', 'file');
    await server.close();
    const { url } = server;
    expect(await machine.authsvc(['profile', '--all'])).toEqual({
      status: 0,
      stdout: [
        `● grace@example.com  ${url}  file, expires in 30 days`,
        `○ ada@example.com    ${url}  keychain, expires in 30 days`,
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(JSON.parse((await machine.authsvc(['profile', '--all', '--json'])).stdout)).toEqual({
      accounts: [
        { email: 'grace@example.com', server: url, storage: 'file', expires_at, current: true },
        { email: 'ada@example.com', server: url, storage: 'keychain', expires_at, current: false },
      ],
    });
  });

  it('is an empty list before the first login', async () => {
    const { authsvc } = createTestMachine();
    expect(await authsvc(['profile', '--all', '--json'])).toEqual({
      status: 0,
      stdout: '{"accounts":[]}\n',
      stderr: '',
    });
    expect(await authsvc(['profile', '--all'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ No session is stored on this machine\n',
    });
  });
});
