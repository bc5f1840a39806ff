import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type LocalService, startLocalService } from '../testing/local-service.ts';
import { authsvcFile } from '../testing/pseudo-terminal.ts';

const ada = 'ada@example.com';
const bob = 'bob@example.com';

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
  for (const email of [ada, bob]) await service.register(email);
  await service.logIn(ada);
  await service.logIn(ada, 'not it at all');
});

async function types(...options: string[]) {
  const { status, answer } = await service.json(['audit', ...options]);
  return [status, ...(answer as { events: { type: string }[] }).events.map(({ type }) => type)];
}

describe('authsvc audit', () => {
  it('shows what happened, the oldest first', async () => {
    const { status, stdout, stderr } = await service.authsvc(['audit']);
    expect([status, stderr]).toEqual([0, '']);
    const rows = stdout.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d +/, '').split(/ {2,}/));
    expect(rows).toEqual([
      ['user registered', ada, '127.0.0.1'],
      ['user registered', bob, '127.0.0.1'],
      ['login succeeded', ada, '127.0.0.1'],
      ['login failed', ada, '127.0.0.1'],
      [''],
    ]);
  });

  it('shows what happened to one account, or since a time', async () => {
    expect(await types()).toEqual([0, 'user_registered', 'user_registered', 'login_succeeded', 'login_failed']);
    expect(await types('--user', 'BOB@example.com')).toEqual([0, 'user_registered']);
    for (const since of ['2020-01-01', '2020-01-01T00:00:00Z']) expect(await types('--since', since)).toHaveLength(5);
    expect(await types('--since', '2999-01-01')).toEqual([0]);
  });

  it('counts back from now', async () => {
    service.machine.now = Date.now() + 3_600_000;
    expect(await types('--since', '59m')).toEqual([0]);
    for (const since of ['61m', '2h', '1d']) expect(await types('--since', since)).toHaveLength(5);
  });

  it('refuses who is not there, and what is no time', async () => {
    expect(await service.json(['audit', '--user', 'nobody@example.com'])).toMatchObject({ status: 5 });
    expect(await service.json(['audit', '--user', 'nobody'])).toMatchObject({ status: 2 });
    for (const since of ['yesterday', '', '5x', '-1d']) {
      expect(await service.json(['audit', `--since=${since}`])).toEqual({
        status: 2,
        answer: { error: { code: 'usage', message: '--since is a time like 30m, 12h, 2d or 2026-11-22T16:40:00Z' } },
        stderr: '',
      });
    }
  });

  it('goes on with what happens, an event a line, until the daemon stops', async () => {
    const child = spawn(process.execPath, [authsvcFile, 'audit', '--follow', '--json'], {
      env: { HOME: service.machine.home, AUTHSVC_DATA_DIR: service.dataFolder },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const exit = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value ?? 'null');
    for (const type of ['user_registered', 'user_registered', 'login_succeeded', 'login_failed']) {
      expect(await next()).toMatchObject({ type });
    }
    await service.authsvc(['users', 'disable', bob]);
    expect(await next()).toMatchObject({ type: 'user_disabled', email: bob, detail: 'operator' });
    await service.stop();
    expect(await next()).toMatchObject({ error: { code: 'daemon_unreachable' } });
    expect((await exit)[0]).toBe(3);
  });
});
