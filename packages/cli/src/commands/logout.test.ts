import { describe, expect, it } from 'vitest';
import { startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const email = 'ada@example.com';
const input = 'correct horse';

async function startLoggedIn(env: Readonly<Record<string, string>> = {}) {
  const server = await startContractServer();
  server.users.set(email, input);
  const machine = createTestMachine({ AUTHSVC_URL: server.url, ...env });
  await machine.authsvc(['login', '--email', email, '--password-stdin'], { input });
  return { server, machine };
}

describe('authsvc logout', () => {
  it.each(['keychain', 'file'])('ends the session and forgets it in the %s', async (storage) => {
    const { server, machine } = await startLoggedIn({ AUTHSVC_STORAGE: storage });
    expect(await machine.authsvc(['logout'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ Logged out: the session of ada@example.com has ended\n',
    });
    expect([server.sessions.size, machine.keychain.entries.size]).toEqual([0, 0]);
    expect(Object.keys(machine.files())).toEqual(['.local/state/authsvc/accounts.json']);
    expect((await machine.authsvc(['profile'])).status).toBe(4);
  });

  it('is no error the second time', async () => {
    const { server, machine } = await startLoggedIn();
    expect(await machine.authsvc(['logout', '--json'])).toEqual({
      status: 0,
      stdout: `{"email":"ada@example.com","server":"${server.url}","ended":true}\n`,
      stderr: '',
    });
    expect(await machine.authsvc(['logout', '--json'])).toEqual({
      status: 0,
      stdout: `{"email":null,"server":"${server.url}","ended":false}\n`,
      stderr: '',
    });
    expect(await machine.authsvc(['logout'])).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ You are not logged in to ${server.url}\n`,
    });
  });

  it('forgets a session that had ended already', async () => {
    const { server, machine } = await startLoggedIn();
    server.sessions.clear();
    expect(await machine.authsvc(['logout'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ The session of ada@example.com had ended already\n',
    });
    expect(machine.keychain.entries.size).toBe(0);
  });

  it('forgets the session with the server down, and says that it may live on', async () => {
    const { server, machine } = await startLoggedIn();
    await server.close();
    expect(await machine.authsvc(['logout'])).toEqual({
      status: 3,
      stdout: '',
      stderr: [
        `✗ Can't reach authsvc at ${server.url} (connection refused)`,
        '  The session is forgotten here, but the server may still honour it until it expires.',
        '  Start it: authsvc daemon start',
        '',
      ].join('\n'),
    });
    expect(machine.keychain.entries.size).toBe(0);
    expect((await machine.authsvc(['logout'])).status).toBe(0);
  });

  it('leaves everything as it is when the keychain is locked', async () => {
    const { server, machine } = await startLoggedIn();
    machine.keychain.state = 'withhold';
    expect((await machine.authsvc(['logout'])).status).toBe(7);
    expect([server.sessions.size, machine.keychain.entries.size]).toEqual([1, 1]);
  });

  it('ends the session of AUTHSVC_SESSION and leaves the stored one', async () => {
    const { server, machine } = await startLoggedIn();
    server.sessions.set('from-the-environment', email);
    const env = { AUTHSVC_SESSION: 'from-the-environment' };
    expect(await machine.authsvc(['logout'], { env })).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ Logged out: the session of AUTHSVC_SESSION has ended\n',
    });
    expect([...server.sessions.keys()]).toEqual(['session-1-of-ada-example.com']);
    expect((await machine.authsvc(['profile'])).status).toBe(0);
  });
});
