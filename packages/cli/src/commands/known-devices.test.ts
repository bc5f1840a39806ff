import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { type ContractServer, startContractServer } from '../testing/contract-server.ts';
import { enrol } from '../testing/enrol.ts';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const ada = 'ada@example.com';
const bob = 'bob@example.com';
const login = ['login', '--email', ada, '--password-stdin'];
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const session = 'session_id=token-of-a-session; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax';
const device = (token: string) => `authsvc_device=${token}; Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax`;
const sent = (token: string) => `authsvc_device=${token}; __Host-authsvc_device=${token}`;

function giveAtLogin(server: ContractServer, ...cookies: string[]): void {
  server.script('POST /sessions', {
    status: 200,
    headers: { 'set-cookie': [session, ...cookies] },
    body: { email: ada, message: 'logged in' },
  });
}

async function startGiving(token: string): Promise<ContractServer> {
  const server = await startContractServer();
  giveAtLogin(server, device(token));
  return server;
}

const cookiesAt = ({ received }: ContractServer, target: string) =>
  received.filter((request) => request.target === target).map(({ headers }) => headers.cookie);

describe.each(['keychain', 'file'])('the device of a login, with its session in the %s', (storage) => {
  it('is shown at every later login to that account, also after a logout, and at no other', async () => {
    const server = await startGiving('first');
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: storage });
    const first = await machine.authsvc([...login, '--json'], { input: PASSWORD });
    await machine.authsvc(['logout']);
    const again = await machine.authsvc([...login, '--json'], { input: PASSWORD });
    await machine.authsvc(['login', '--email', bob, '--password-stdin'], { input: PASSWORD });
    await machine.authsvc([...login, '--print-session'], { input: PASSWORD });
    expect(again).toEqual(first);
    expect(cookiesAt(server, 'POST /sessions')).toEqual([undefined, sent('first'), undefined, sent('first')]);
    expect(cookiesAt(server, 'DELETE /sessions')).toEqual(['session_id=token-of-a-session']);
  });

  it('gives way to another that the service gives, and stays where it gives none', async () => {
    const server = await startGiving('first');
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: storage });
    const logIn = () => machine.authsvc(login, { input: PASSWORD });
    await logIn();
    giveAtLogin(server, device('second'));
    await logIn();
    giveAtLogin(server);
    await logIn();
    await logIn();
    expect(cookiesAt(server, 'POST /sessions')).toEqual([undefined, sent('first'), sent('second'), sent('second')]);
    const kept = [...machine.keychain.entries.values(), ...Object.values(machine.files())].join('\n');
    expect([kept.includes('first'), kept.includes('second')]).toEqual([false, true]);
  });
});

describe('authsvc login --print-session', () => {
  it('stores no device either', async () => {
    const server = await startGiving('first');
    const machine = createTestMachine({ AUTHSVC_URL: server.url });
    const { stdout } = await machine.authsvc([...login, '--print-session'], { input: PASSWORD });
    expect([stdout, machine.files(), machine.keychain.calls]).toEqual(['token-of-a-session\n', {}, []]);
  });

  it('needs nothing that is stored', async () => {
    const server = await startGiving('first');
    const machine = createTestMachine({ AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' });
    await machine.authsvc(login, { input: PASSWORD });
    writeFileSync(join(machine.home, '.local', 'state', 'authsvc', 'accounts.json'), '{');
    const { status, stdout } = await machine.authsvc([...login, '--print-session'], { input: PASSWORD });
    expect([status, stdout]).toEqual([0, 'token-of-a-session\n']);
    expect((await machine.authsvc(login, { input: PASSWORD })).status).toBe(1);
  });
});

describe('authsvc sessions, of a service without known devices', () => {
  it('shows none', async () => {
    const server = await startContractServer();
    server.users.set(ada, PASSWORD);
    const listed = { id: '3f2a9c1b', created_at: '2026-11-22T16:00:00Z', last_used_at: '2026-11-22T16:00:00Z' };
    server.script('GET /sessions', {
      status: 200,
      body: { sessions: [{ ...listed, address: '127.0.0.1', user_agent: 'authsvc', current: true }] },
    });
    server.script('DELETE /sessions/others', { status: 200, body: { ended: 1 } });
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    await authsvc(login, { input: PASSWORD });
    expect((await authsvc(['sessions'])).stdout).toMatch(/^● {2}3f2a9c1b .*authsvc\n$/);
    expect(JSON.parse((await authsvc(['sessions', '--json'])).stdout)).toMatchObject({ devices: [] });
    expect((await authsvc(['sessions', 'revoke', '--others'])).stderr).toBe('✓ Ended 1 session; this one stays open\n');
  });
});

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

const devicesOf = async ({ json }: LocalService, email = ada) =>
  ((await json(['sessions', '--email', email])).answer as { devices: Listed[] }).devices;

/** The real service, with a user who is logged in here and has logged in from two other places. */
async function startKnown(): Promise<LocalService> {
  const service = await startLocalService();
  await service.register(ada);
  await service.authsvc(login, { input: PASSWORD });
  for (const name of ['laptop', 'phone']) await logInElsewhere(service, name);
  return service;
}

/** A login with a fresh HOME, as from another machine. */
const logInElsewhere = ({ authsvc, machine }: LocalService, name: string) =>
  authsvc(login, { input: PASSWORD, env: { HOME: `${machine.home}/${name}` } });

describe('authsvc sessions', () => {
  it('shows the known devices under the sessions, and which is this one', async () => {
    const service = await startKnown();
    const { answer } = await service.json(['sessions']);
    const made = { id: expect.stringMatching(/^[\da-f-]{36}$/), created_at: time, last_login_at: time };
    const listed = { ...made, address: '127.0.0.1', user_agent: 'authsvc' };
    expect(answer).toEqual({
      sessions: [expect.anything(), expect.anything(), expect.anything()],
      devices: expect.arrayContaining([
        { ...listed, current: true },
        { ...listed, current: false },
      ]),
    });
    const own = (await devicesOf(service)).find(({ current }) => current);
    const { stdout } = await service.authsvc(['sessions']);
    const [, below = ''] = stdout.split('\nKnown devices\n');
    expect(below.trimEnd().split('\n')).toHaveLength(3);
    expect(below).toMatch(
      new RegExp(`^● {2}${own?.id.slice(0, 8)} {2}this device {2}logged in now {2}127\\.0\\.0\\.1 {2}authsvc$`, 'm'),
    );
  });

  it('is one device however often the command logs in, with a code as well', async () => {
    const service = await startLocalService();
    await service.register(ada);
    await service.authsvc(login, { input: PASSWORD });
    await service.authsvc(['logout']);
    await service.authsvc(login, { input: PASSWORD });
    expect(await devicesOf(service)).toHaveLength(1);
    const { secret } = await enrol(service);
    const code = totpCode(secret, Date.now() + 30_000);
    const completed = await service.authsvc([...login, '--code-stdin'], { input: `${PASSWORD}\n${code}` });
    expect(completed.status).toBe(0);
    expect(await devicesOf(service)).toEqual([expect.objectContaining({ current: true })]);
  });
});

describe('authsvc sessions forget', () => {
  it('forgets one by the beginning of its id, and leaves its sessions open', async () => {
    const service = await startKnown();
    const other = (await devicesOf(service)).find(({ current }) => !current);
    expect(await service.authsvc(['sessions', 'forget', other?.id.slice(0, 8).toUpperCase() ?? ''])).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ Forgot the device ${other?.id.slice(0, 8)}\n`,
    });
    const { answer } = await service.json(['sessions']);
    const { sessions, devices } = answer as { sessions: Listed[]; devices: Listed[] };
    expect([sessions.length, devices.length]).toEqual([3, 2]);
  });

  it('forgets this one here as well', async () => {
    const service = await startKnown();
    const own = (await devicesOf(service)).find(({ current }) => current);
    expect(await service.json(['sessions', 'forget', own?.id ?? ''])).toMatchObject({
      status: 0,
      answer: { forgotten: 1 },
    });
    expect(Object.keys(service.machine.files()).filter((path) => /^\.local.*devices\//.test(path))).toEqual([]);
    expect((await devicesOf(service)).some(({ current }) => current)).toBe(false);
  });

  it("refuses what is not there, another user's, and no id", async () => {
    const service = await startKnown();
    await service.register(bob);
    await service.authsvc(['login', '--email', bob, '--password-stdin'], { input: PASSWORD });
    const [theirs] = await devicesOf(service, bob);
    const forget = (id: string) => service.json(['sessions', 'forget', id, '--email', ada]);
    const notFound = (message: string) => ({ status: 5, answer: { error: { code: 'not_found', message } } });
    for (const id of [theirs?.id ?? '', 'ffffffff-']) {
      expect(await forget(id)).toMatchObject(notFound(`You have no known device ${id}`));
    }
    expect(await forget('')).toMatchObject(notFound('This id of a known device is empty'));
    expect(await service.json(['sessions', 'forget'])).toMatchObject({ status: 2 });
    expect(await devicesOf(service, bob)).toHaveLength(1);
  });
});

describe('authsvc sessions revoke --others', () => {
  it('says that it forgets every other device, and keeps this one', async () => {
    const service = await startKnown();
    expect(await service.authsvc(['sessions', 'revoke', '--others'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ Ended 2 sessions; this one stays open\n  Forgot 2 other known devices\n',
    });
    expect(await devicesOf(service)).toEqual([expect.objectContaining({ current: true })]);
    expect(await service.json(['sessions', 'revoke', '--others'])).toMatchObject({
      answer: { ended: 0, forgotten: 0 },
    });
  });
});

describe('the device of an account', () => {
  it('follows it to a new email, and goes with it', async () => {
    const service = await startLocalService();
    await service.register(ada);
    await service.authsvc(login, { input: PASSWORD });
    const countess = 'countess@example.com';
    await service.authsvc(['email', '--new-email', countess, '--password-stdin'], { input: PASSWORD });
    await service.authsvc(['logout']);
    await service.authsvc(['login', '--email', countess, '--password-stdin'], { input: PASSWORD });
    expect(await devicesOf(service, countess)).toEqual([expect.objectContaining({ current: true })]);
    await service.authsvc(['delete', '--yes', '--password-stdin'], { input: PASSWORD });
    expect(Object.keys(service.machine.files()).filter((path) => /^\.local.*devices\//.test(path))).toEqual([]);
  });
});
