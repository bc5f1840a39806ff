import { describe, expect, it } from 'vitest';
import { startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const email = 'ada@example.com';
const input = 'correct horse';

describe('authsvc', () => {
  it('tells a newcomer how to begin', async () => {
    const server = await startContractServer();
    await server.close();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    expect(await authsvc([])).toEqual({
      status: 0,
      stdout: [
        'Daemon: ○ not running · Account: none',
        'Get started:',
        '  authsvc daemon start',
        '  authsvc register',
        '  authsvc login',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(await authsvc(['--json'])).toEqual({
      status: 0,
      stdout: `{"daemon":{"running":false,"url":"${server.url}"},"account":null}\n`,
      stderr: '',
    });
  });

  it('suggests to log in first after a registration', async () => {
    const server = await startContractServer();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    await authsvc(['register', '--email', email, '--password-stdin'], { input });
    expect((await authsvc([])).stdout).toMatch(/\nGet started:\n {2}authsvc login\n {2}authsvc register\n$/);
  });

  it('says what is running and who is logged in', async () => {
    const server = await startContractServer();
    server.users.set(email, input);
    const { authsvc, files } = createTestMachine();
    await authsvc(['login', '--email', email, '--password-stdin', '--url', server.url], { input });
    const before = files();
    expect(await authsvc([])).toEqual({
      status: 0,
      stdout: `Daemon: ● running at ${server.url} · Account: ada@example.com\nNext:\n  authsvc profile\n`,
      stderr: '',
    });
    expect(JSON.parse((await authsvc(['--json'])).stdout)).toEqual({
      daemon: { running: true, url: server.url },
      account: { email, server: server.url, storage: 'keychain', expires_at: '2026-12-22T16:40:00Z' },
    });
    expect(files()).toEqual(before);
  });
});
