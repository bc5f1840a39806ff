import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ContractServer, startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const email = 'ada@example.com';
const args = ['login', '--email', email, '--password-stdin'];
const input = 'correct horse';
const expires_at = '2026-12-22T16:40:00Z';
const absent = { state: 'absent', reason: 'no Secret Service on D-Bus' } as const;
const locked = { state: 'locked', reason: 'no answer within 3 s' } as const;

async function startServer(): Promise<ContractServer> {
  const server = await startContractServer();
  server.users.set(email, input);
  return server;
}

function jsonOf({ stdout }: { readonly stdout: string }): unknown {
  return JSON.parse(stdout);
}

describe('authsvc login', () => {
  it('keeps the session in the keychain, by server and email, and nothing secret in a file', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    expect(await machine.authsvc(args, { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^✓ Logged in to 127\.0\.0\.1:\d+ as ada@example\.com\n {2}Session saved in the system keychain; expires 2026-12-2\d \d\d:\d\d\n$/,
      ),
    });
    const [token] = server.sessions.keys();
    expect([...machine.keychain.entries]).toEqual([[`authsvc:${server.url} ${email}`, token]]);
    expect(machine.keychain.calls).toEqual(['probe', 'set']);
    const files = machine.files();
    expect(Object.keys(files)).toEqual(['.local/state/authsvc/accounts.json']);
    expect(JSON.parse(files['.local/state/authsvc/accounts.json'] ?? '')).toEqual({
      current: { server: server.url, email },
      accounts: [
        { server: server.url, email, storage: 'keychain', library: 'keytar', expires_at, cookie: 'session_id' },
      ],
    });
  });

  it('takes the earlier session out of the keychain when the next one goes to a file', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    await machine.authsvc(args, { input });
    const second = await machine.authsvc([...args, '--storage', 'file'], { input });
    expect([second.status, second.stderr.includes('!')]).toEqual([0, false]);
    expect([...machine.keychain.entries]).toEqual([]);
  });

  it('says so when a locked keychain keeps the earlier session', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    await machine.authsvc(args, { input });
    for (const state of ['withhold' as const, locked]) {
      machine.keychain.state = state;
      const { status, stderr } = await machine.authsvc([...args, '--storage', 'file'], { input });
      expect([status, stderr]).toEqual([
        0,
        expect.stringContaining('\n! The earlier session is still in the system keychain, which did not delete it\n'),
      ]);
      machine.keychain.state = 'open';
      await machine.authsvc(args, { input });
    }
  });

  it('answers --json with where the session is and when it ends', async () => {
    const server = await startServer();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const outcome = await authsvc([...args, '--json'], { input });
    expect([jsonOf(outcome), outcome.stderr]).toEqual([
      { email, server: server.url, storage: 'keychain', expires_at },
      '',
    ]);
  });

  it('falls back to a file where there is no keychain, and says so at every login', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    machine.keychain.state = absent;
    for (const time of [1, 2]) {
      const outcome = await machine.authsvc([...args, '--json'], { input });
      expect([time, jsonOf(outcome), outcome.stderr]).toEqual([
        time,
        { email, server: server.url, storage: 'file', expires_at },
        '! No system keychain here (no Secret Service on D-Bus): the session is kept in a file that only you can read\n',
      ]);
    }
    expect(Object.values(machine.files())).toContain('session-2-of-ada-example.com\n');
  });

  it('uses a file without a warning where one was chosen, and leaves the keychain alone', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' });
    const outcome = await machine.authsvc([...args, '--json'], { input });
    expect([jsonOf(outcome), outcome.stderr, machine.keychain.calls]).toEqual([
      { email, server: server.url, storage: 'file', expires_at },
      '',
      [],
    ]);
  });

  it.each([
    ['absent and demanded', absent, { AUTHSVC_STORAGE: 'keychain' }, 'keychain_unavailable'],
    ['locked', locked, {}, 'keychain_locked'],
    ['locked and demanded', locked, { AUTHSVC_STORAGE: 'keychain' }, 'keychain_locked'],
  ])('sends and writes nothing where the keychain is %s', async (_what, state, env, code) => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url, ...env });
    machine.keychain.state = state;
    const outcome = await machine.authsvc([...args, '--json'], { input });
    expect([outcome.status, jsonOf(outcome), server.received, machine.files()]).toEqual([
      7,
      { error: { code, message: expect.stringContaining('Nothing was sent to the server or written to disk.') } },
      [],
      {},
    ]);
  });

  it('says how to go on when the keychain is locked', async () => {
    const machine = createTestMachine();
    machine.keychain.state = locked;
    expect(await machine.authsvc(args, { input })).toEqual({
      status: 7,
      stdout: '',
      stderr: [
        '✗ The system keychain is locked',
        '  Nothing was sent to the server or written to disk.',
        '  Unlock it and try again, or choose AUTHSVC_STORAGE=file',
        '',
      ].join('\n'),
    });
  });

  it('ends the session again when it cannot be saved after all', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    machine.keychain.set = () => Promise.resolve(locked);
    expect((await machine.authsvc(args, { input })).status).toBe(7);
    expect([server.sessions.size, machine.files()]).toEqual([0, {}]);
  });

  it('forgets the file when the session moves to the keychain', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    await machine.authsvc([...args, '--storage', 'file'], { input });
    await machine.authsvc([...args, '--storage', 'keychain'], { input });
    expect(Object.keys(machine.files())).toEqual(['.local/state/authsvc/accounts.json']);
  });

  it('passes on that the password is wrong', async () => {
    const server = await startServer();
    const { authsvc, files } = createTestMachine({ AUTHSVC_URL: server.url });
    expect(await authsvc(args, { input: 'wrong horse' })).toEqual({
      status: 4,
      stdout: '',
      stderr: '✗ Wrong email or password\n  If you forgot the password, choose another: authsvc reset\n',
    });
    expect(files()).toEqual({});
  });

  it('follows no symbolic link in the place of its folder', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' });
    mkdirSync(join(machine.home, '.local', 'state'), { recursive: true });
    mkdirSync(join(machine.home, 'elsewhere'));
    symlinkSync(join(machine.home, 'elsewhere'), join(machine.home, '.local', 'state', 'authsvc'));
    const outcome = await machine.authsvc([...args, '--json'], { input });
    expect([outcome.status, jsonOf(outcome)]).toMatchObject([1, { error: { code: 'state_unusable' } }]);
    expect([server.received, machine.files()]).toEqual([[], {}]);
  });
});

describe('authsvc login --print-session', () => {
  it('prints the token alone and keeps nothing', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    const outcome = await machine.authsvc([...args, '--print-session'], { input });
    expect([outcome.status, outcome.stdout]).toEqual([0, 'session-1-of-ada-example.com\n']);
    expect(outcome.stderr).not.toContain('session-1');
    expect([machine.files(), machine.keychain.calls]).toEqual([{}, []]);
  });

  it('answers --json with the token in the one value', async () => {
    const server = await startServer();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const outcome = await authsvc([...args, '--print-session', '--json'], { input });
    expect([jsonOf(outcome), outcome.stderr]).toEqual([
      { email, server: server.url, storage: 'none', expires_at, session: 'session-1-of-ada-example.com' },
      '',
    ]);
  });
});

describe('a session file', () => {
  it('is refused once others may read it', async () => {
    const server = await startServer();
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' });
    await machine.authsvc(args, { input });
    const path = Object.keys(machine.files()).find((name) => name.includes('/sessions/')) ?? '';
    chmodSync(join(machine.home, path), 0o644);
    const outcome = await machine.authsvc(['profile', '--json']);
    expect([outcome.status, jsonOf(outcome)]).toMatchObject([1, { error: { code: 'state_unusable' } }]);
  });
});
