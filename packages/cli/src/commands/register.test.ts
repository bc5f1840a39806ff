import { describe, expect, it } from 'vitest';
import { startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const args = ['register', '--email', 'ada@example.com', '--password-stdin'];
const input = 'correct horse\n';

describe('authsvc register', () => {
  it('creates the account and says what to do next', async () => {
    const server = await startContractServer();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    expect(await authsvc(args, { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ Registered ada@example.com\n  Next: authsvc login\n',
    });
    expect([...server.users]).toEqual([['ada@example.com', 'correct horse']]);
  });

  it('answers --json with the account', async () => {
    const server = await startContractServer();
    const { authsvc } = createTestMachine();
    expect(await authsvc([...args, '--json', '--url', server.url], { input })).toEqual({
      status: 0,
      stdout: `{"email":"ada@example.com","server":"${server.url}"}\n`,
      stderr: '',
    });
  });

  it('passes on that the email is taken, or the password too weak', async () => {
    const server = await startContractServer();
    const { authsvc, files } = createTestMachine({ AUTHSVC_URL: server.url });
    expect(await authsvc(args, { input: 'password123' })).toEqual({
      status: 5,
      stdout: '',
      stderr: '✗ The password is too common\n',
    });
    expect(files()).toEqual({});
    await authsvc(args, { input });
    expect(await authsvc(args, { input })).toEqual({
      status: 5,
      stdout: '',
      stderr: `✗ Email already registered\n  If it is yours on ${new URL(server.url).host}, log in: authsvc login\n`,
    });
  });

  it('leaves the password nowhere on this machine', async () => {
    const server = await startContractServer();
    const { authsvc, files } = createTestMachine({ AUTHSVC_URL: server.url });
    await authsvc(args, { input });
    expect(Object.keys(files())).toEqual(['.local/state/authsvc/accounts.json']);
    expect(Object.values(files()).join()).not.toContain('correct horse');
  });
});
