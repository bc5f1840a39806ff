import { describe, expect, it } from 'vitest';
import { RESET_TOKEN, startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const email = 'ada@example.com';
const args = ['reset', '--email', email, '--password-stdin'];
const input = 'staple battery\n';

async function start() {
  const server = await startContractServer();
  server.users.set(email, 'correct horse');
  return { server, ...createTestMachine({ AUTHSVC_URL: server.url }) };
}

describe('authsvc reset', () => {
  it('goes on to the new password where the token is handed out', async () => {
    const { server, authsvc } = await start();
    expect(await authsvc(args, { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: [
        '✓ Reset token issued',
        '✓ Password updated; every session of ada@example.com has ended',
        '  Next: authsvc login',
        '',
      ].join('\n'),
    });
    expect(server.users.get(email)).toBe('staple battery');
  });

  it('answers --json with what was done', async () => {
    const { server, authsvc } = await start();
    expect(await authsvc([...args, '--json'], { input })).toEqual({
      status: 0,
      stdout: `{"email":"ada@example.com","server":"${server.url}","status":"password_updated"}\n`,
      stderr: '',
    });
  });

  it('says how to finish where the token travels another way', async () => {
    const { server, authsvc } = await start();
    server.script('POST /reset_password', { status: 200, body: { email, message: 'reset instructions sent' } });
    expect(await authsvc(args, { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: [
        '✓ Reset instructions sent, if ada@example.com has an account',
        '  With the token: authsvc reset --email ada@example.com --token-stdin',
        '',
      ].join('\n'),
    });
    expect(JSON.parse((await authsvc([...args, '--json'], { input })).stdout)).toEqual({
      email,
      server: server.url,
      status: 'instructions_sent',
    });
    expect(server.users.get(email)).toBe('correct horse');
  });

  it('sends to the operator where no mail is sent', async () => {
    const { server, authsvc } = await start();
    const body = { email, message: 'ask the operator for a reset token' };
    server.script('POST /reset_password', { status: 200, body });
    expect(await authsvc(args, { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: [
        '✓ Ask the operator for a reset token for ada@example.com: this service sends no mail',
        '  With the token: authsvc reset --email ada@example.com --token-stdin',
        '',
      ].join('\n'),
    });
    expect(JSON.parse((await authsvc([...args, '--json'], { input })).stdout)).toEqual({
      email,
      server: server.url,
      status: 'ask_operator',
    });
  });

  it('takes the token from the first line and the password from the second, and asks for no other token', async () => {
    const { server, authsvc } = await start();
    const lines = `${RESET_TOKEN}\r\nstaple battery`;
    expect((await authsvc([...args, '--token-stdin'], { input: lines })).status).toBe(0);
    expect(server.received.map(({ target, body }) => [target, body])).toEqual([
      ['PUT /reset_password', { email, reset_token: RESET_TOKEN, new_password: 'staple battery' }],
    ]);
  });

  it('passes on that the account is unknown, or the token or the password not accepted', async () => {
    const { authsvc } = await start();
    expect(await authsvc(['reset', '--email', 'nobody@example.com', '--password-stdin'], { input })).toEqual({
      status: 5,
      stdout: '',
      stderr: '✗ No account has this email\n',
    });
    expect(await authsvc([...args, '--token-stdin'], { input: `wrong\n${input}` })).toEqual({
      status: 5,
      stdout: '',
      stderr: '✗ This reset token is not valid\n  Ask for a new one: authsvc reset --email ada@example.com\n',
    });
    expect(await authsvc(args, { input: 'password123' })).toEqual({
      status: 5,
      stdout: '',
      stderr: '✓ Reset token issued\n✗ The password is too common\n',
    });
  });

  it('leaves token and password nowhere on this machine', async () => {
    const { authsvc, files } = await start();
    await authsvc(args, { input });
    for (const text of Object.values(files())) {
      expect(text).not.toContain(RESET_TOKEN);
      expect(text).not.toContain('staple battery');
    }
  });
});
