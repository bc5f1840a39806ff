import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { enrol } from '../testing/enrol.ts';
import { PASSWORD, startLocalService } from '../testing/local-service.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const env = { AUTHSVC_LISTEN_PORT: '0', AUTHSVC_URL: 'http://127.0.0.1:1', AUTHSVC_RESET_DELIVERY: 'operator' };

interface Check {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly remedy: string | null;
}

function checksIn(stdout: string): Map<string, Check> {
  const { checks }: { checks: Check[] } = JSON.parse(stdout);
  return new Map(checks.map((check) => [check.name, check]));
}

describe('authsvc doctor', () => {
  it('shows on a fresh machine what is well, and what to do about the rest', async () => {
    const { status, stdout, stderr } = await createTestMachine(env).authsvc(['doctor']);
    expect([status, stderr]).toEqual([0, '']);
    const rows = stdout.replace(/(?<=Node\.js +)\S+/, '<version>').replace(/[\d.]+ [GM]B/, '<room>');
    expect(rows).toBe(`✓ Node.js       <version>
✓ Keychain      open, through keytar; sessions are kept there
✓ Sessions      none is stored
✓ Data folder   ~/.local/share/authsvc is not made yet
✓ Disk          <room> free where the data lies
! Daemon        not running
                Start it: authsvc daemon start
✓ Port          any that is free
✓ Database      SQLite; not made yet
✓ Backup        none yet, and no account to lose
✓ Reset tokens  not returned in responses
✓ Settings      nothing weakens the defaults

All works; 1 warning.
`);
  });

  it('says that codes of a second factor point to a wrong clock', async () => {
    const service = await startLocalService();
    await service.register('ada@example.com');
    const login = ['login', '--email', 'ada@example.com', '--password-stdin'];
    await service.authsvc(login, { input: PASSWORD });
    const { secret } = await enrol(service);
    const clock = async () => {
      const { answer } = await service.json(['doctor']);
      return (answer as { checks: Check[] }).checks.filter(({ name }) => name === 'clock').at(-1);
    };
    expect(await clock()).not.toMatchObject({ message: expect.stringContaining('codes of') });
    const late = totpCode(secret, Date.now() - 5 * 60_000);
    expect(await service.json([...login, '--code-stdin'], { input: `${PASSWORD}\n${late}` })).toMatchObject({
      status: 4,
      answer: { error: { code: 'invalid_code', message: expect.stringContaining('check the clock of your device') } },
    });
    expect(await clock()).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('codes of one account that fit another time were refused in the last day'),
    });
  });

  it('says how old the last backup is, and where it was written', async () => {
    const service = await startLocalService();
    const backup = async (days = 0) => {
      service.machine.now = Date.now() + days * 86_400_000;
      const { answer } = await service.json(['doctor']);
      return (answer as { checks: Check[] }).checks.find(({ name }) => name === 'backup');
    };
    expect(await backup()).toMatchObject({ state: 'ok', message: 'none yet, and no account to lose' });
    await service.register('ada@example.com');
    const remedy = 'authsvc backup --dir FOLDER --keep 14';
    expect(await backup()).toMatchObject({ state: 'warning', message: 'none is known of this database', remedy });
    const folder = join(service.machine.home, 'nights');
    const { answer } = await service.json(['backup', '--dir', folder, '--keep', '2']);
    const { path } = answer as { path: string };
    const where = path.replace(service.machine.home, '~');
    expect(await backup()).toMatchObject({ state: 'ok', message: `the last one was made just now: ${where}` });
    expect(await backup(1)).toMatchObject({ state: 'ok', message: `the last one was made 24 hours ago: ${where}` });
    expect(await backup(3)).toMatchObject({ state: 'warning', message: `the last one was made 3 days ago: ${where}` });
    expect(await backup(-3)).toMatchObject({ state: 'warning', message: expect.stringContaining('still to come') });
    const byHand = join(service.machine.home, 'by-hand.db');
    await service.authsvc(['backup', byHand]);
    rmSync(byHand);
    const gone = 'the last one was made just now: ~/by-hand.db, no longer there';
    expect(await backup()).toMatchObject({ state: 'ok', message: gone });
  });

  it('asks a running daemon for the settings in force, and looks at its database', async () => {
    const { loadConfig, startService } = await import('@authsvc/server');
    const machine = createTestMachine(env);
    const dataFolder = join(machine.home, '.local', 'share', 'authsvc');
    const config = loadConfig({ ...env, AUTHSVC_DATA_DIR: dataFolder, AUTHSVC_BCRYPT_COST: '10' });
    mkdirSync(join(dataFolder, '..'), { recursive: true });
    const service = await startService(config, { logStream: { write: () => undefined } });
    onTestFinished(() => service.close());
    machine.now = Date.now();
    const { status, stdout } = await machine.authsvc(['doctor', '--json']);
    const checks = checksIn(stdout);
    expect([status, JSON.parse(stdout).ok]).toEqual([0, true]);
    expect([...checks.keys()]).toEqual([
      'node',
      'keychain',
      'sessions',
      'data_folder',
      'disk',
      'daemon',
      'clock',
      'port',
      'database',
      'backup',
      'reset_delivery',
      'settings',
    ]);
    const messages = ['daemon', 'clock', 'port', 'database', 'settings'].map((name) => checks.get(name)?.message);
    expect(messages).toEqual([
      `running at ${service.url} (pid ${process.pid})`,
      'in step with the daemon',
      `${new URL(service.url).port} is held by the daemon (pid ${process.pid})`,
      'SQLite, whole; schema up to date',
      'AUTHSVC_BCRYPT_COST is 10 (default 12): a stolen password hash is guessed sooner',
    ]);
  });

  it('ends with 1 when something is wrong, and makes every other check all the same', async () => {
    const machine = createTestMachine({ ...env, AUTHSVC_BCRYPT_COST: '9' });
    machine.keychain.state = { state: 'locked', reason: 'it asked to be unlocked' };
    const [state, data] = [join(machine.home, '.local/state/authsvc'), join(machine.home, '.local/share/authsvc')];
    for (const folder of [state, data]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'accounts.json'), '{', { mode: 0o600 });
    writeFileSync(join(data, 'authsvc.db'), 'a diary', { mode: 0o600 });
    chmodSync(data, 0o750);
    const { status, stdout } = await machine.authsvc(['doctor', '--json']);
    const checks = checksIn(stdout);
    expect([status, JSON.parse(stdout).ok]).toEqual([1, false]);
    const wrong = [...checks.values()].filter(({ state: found }) => found === 'problem');
    expect(wrong.map(({ name, remedy }) => [name, remedy !== null])).toEqual([
      ['keychain', true],
      ['sessions', true],
      ['data_folder', true],
      ['database', true],
      ['settings', true],
    ]);
    expect((await machine.authsvc(['doctor'])).stdout).toContain('\n\n5 problems, 1 warning.\n');
  });

  it('holds to the shape in its help', async () => {
    const { authsvc } = createTestMachine(env);
    const { checks, ...rest }: { checks: Check[] } = JSON.parse((await authsvc(['doctor', '--json'])).stdout);
    const page = (await authsvc(['doctor', '--help'])).stdout;
    const published = JSON.parse(/^ {2}\{[\s\S]*?\}\]\}$/m.exec(page)?.[0] ?? '');
    expect(checks.find(({ name }) => name === 'daemon')).toEqual(published.checks[0]);
    expect(rest).toEqual({ ok: published.ok });
    for (const check of checks) expect(Object.keys(check)).toEqual(Object.keys(published.checks[0]));
  });
});
