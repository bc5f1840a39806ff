import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestMachine } from '../testing/test-machine.ts';
import { actForSystemService, assertNotSystemService, startCommand } from './system-service.ts';

const STRANGER = 12_345;

/** A machine with a system service, seen by a user. */
function createMachine({ userId, env = {} }: { userId: number; env?: Readonly<Record<string, string>> }) {
  const { home, context } = createTestMachine(env);
  mkdirSync(join(home, 'system'));
  const became: { uid: number; gid: number }[] = [];
  const system = {
    ...context.system,
    userId: () => userId,
    become: ({ uid, gid }: { uid: number; gid: number }) => {
      became.push({ uid, gid });
    },
  };
  return { home, became, owner: statSync(join(home, 'system')), context: { ...context, system } };
}

const act = (machine: ReturnType<typeof createMachine>, words: readonly string[]) =>
  actForSystemService(machine.context, words, words).env;

describe('actForSystemService', () => {
  it('leaves a machine without such a service alone', () => {
    const { context } = createTestMachine();
    expect(actForSystemService(context, ['users', 'list'], [])).toBe(context);
  });

  it('leaves authsvc daemon install alone', () => {
    const machine = createMachine({ userId: STRANGER });
    const words = ['daemon', 'install'];
    expect(actForSystemService(machine.context, words, words)).toBe(machine.context);
  });

  it('makes its owner use it, with its settings', () => {
    const machine = createMachine({ userId: process.getuid?.() ?? 0 });
    writeFileSync(machine.context.system.unit, 'Environment="AUTHSVC_LISTEN_PORT=4200"\n');
    const env = act(machine, ['users', 'list']);
    expect(env.AUTHSVC_DATA_DIR).toBe(machine.context.system.dataFolder);
    expect(env.AUTHSVC_LISTEN_PORT).toBe('4200');
    expect(env.HOME).toBe(machine.home);
    expect(machine.became).toEqual([]);
  });

  it('refuses a stranger, and says what to type', () => {
    const machine = createMachine({ userId: STRANGER });
    const words = ['users', 'show', "o'hara@example.com"];
    expect(() => act(machine, words)).toThrowError(
      expect.objectContaining({
        status: 3,
        code: 'daemon_forbidden',
        next: { say: 'As its operator', command: "sudo authsvc users show 'o'\\''hara@example.com'" },
      }),
    );
    expect(act(machine, ['doctor'])).toBe(machine.context.env);
  });

  it.each(['authsvc.db', 'authsvc.lock'])('prefers a folder of one’s own, known by its %s', (name) => {
    const machine = createMachine({ userId: STRANGER });
    const own = join(machine.home, '.local', 'share', 'authsvc');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, name), '');
    expect(act(machine, ['users', 'list'])).toBe(machine.context.env);
  });

  it('lets root prefer its own only while a daemon runs there', () => {
    const machine = createMachine({ userId: 0 });
    const own = join(machine.home, '.local', 'share', 'authsvc');
    mkdirSync(own, { recursive: true });
    for (const name of ['authsvc.db', 'authsvc.lock']) writeFileSync(join(own, name), '');
    expect(act(machine, ['users', 'list']).AUTHSVC_DATA_DIR).toBe(machine.context.system.dataFolder);
    writeFileSync(join(own, 'control.sock'), '');
    expect(act(machine, ['users', 'list'])).toBe(machine.context.env);
  });

  it('prefers a folder that is named', () => {
    const machine = createMachine({ userId: STRANGER, env: { AUTHSVC_DATA_DIR: '/srv/accounts' } });
    expect(act(machine, ['users', 'list'])).toBe(machine.context.env);
  });
});

describe('a daemon that systemd runs', () => {
  it('is started by systemctl, and by nothing else', () => {
    const { context } = createMachine({ userId: 0 });
    const { dataFolder, unit } = context.system;
    expect(startCommand(context, dataFolder)).toBe('authsvc daemon start');
    writeFileSync(unit, '');
    expect(startCommand(context, dataFolder)).toBe('systemctl start authsvc');
    expect(startCommand(context, '/srv/accounts')).toBe('authsvc daemon start');
    expect(() => assertNotSystemService(context, '/srv/accounts', 'start')).not.toThrow();
    expect(() => assertNotSystemService(context, dataFolder, 'restart')).toThrowError(
      expect.objectContaining({
        code: 'managed_by_systemd',
        next: { say: 'Restart it', command: 'systemctl restart authsvc' },
      }),
    );
  });
});
