import { chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { findSystemObstacle, setUpPrivateSystem } from './private-system.ts';
import { readUnit } from './system-unit.ts';

const stranger = { uid: NOBODY, gid: NOBODY };
const obstacle = findSystemObstacle();
if (obstacle !== undefined) {
  process.stderr.write(`\n!!! ${obstacle}: commands for the service of the system were NOT tried\n\n`);
}

describe.skipIf(obstacle !== undefined)('the service of the system, started as its unit says', () => {
  let folder: TemporaryFolder;
  let machine: ReturnType<typeof setUpPrivateSystem>;
  let unitFile: string;
  const dataFolder = () => join(machine.lib, 'authsvc');
  const credentials = () => join(machine.lib, 'credentials');
  let user: { uid: number; gid: number };
  let url: string;
  let service: ReturnType<typeof start>;

  /** What systemd does before it starts a service, and then the service. */
  async function prepare() {
    await mkdir(join(machine.etc, 'authsvc'));
    await writeFile(join(machine.etc, 'authsvc', 'smtp url'), 'smtp://ada:secret@127.0.0.1:9\n', { mode: 0o600 });
    expect(await machine.run(['useradd', '--system', '--user-group', 'authsvc'])).toMatchObject({ exitCode: 0 });
    const env = {
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_EMAIL_VERIFICATION: 'off',
      AUTHSVC_LISTEN_PORT: '0',
      AUTHSVC_SMTP_URL_FILE: '/etc/authsvc/smtp url',
    };
    expect(await machine.authsvc(['daemon', 'install', '--system', '--reset-delivery', 'smtp'], { env })).toMatchObject(
      { exitCode: 0 },
    );
    const { stdout } = await machine.run(['id', '-u', 'authsvc']);
    user = { uid: Number(stdout), gid: Number((await machine.run(['id', '-g', 'authsvc'])).stdout) };
    await mkdir(dataFolder(), { mode: 0o700 });
    await mkdir(credentials(), { mode: 0o500 });
    for (const { id } of readUnit(await readFile(unitFile, 'utf8')).credentials) {
      await writeFile(join(credentials(), id), await readFile(join(machine.etc, 'authsvc', 'smtp url')), {
        mode: 0o400,
      });
      await chown(join(credentials(), id), user.uid, user.gid);
    }
    for (const path of [dataFolder(), credentials()]) await chown(path, user.uid, user.gid);
  }

  function start(unit: ReturnType<typeof readUnit>) {
    const [program = '', ...args] = machine.wrap(unit.command, { user });
    // systemd sets no other variable that the service reads.
    const env = { ...unit.environment('/var/lib/credentials'), PATH: process.env.PATH ?? '' };
    return execa(program, args, { env, extendEnv: false, reject: false, stdin: 'ignore', cwd: '/' });
  }

  async function startService() {
    service = start(readUnit(await readFile(unitFile, 'utf8')));
    for await (const line of createInterface({ input: service.stdout })) {
      url = /^authsvc listening on (http:\S+)$/.exec(line)?.[1] ?? '';
      if (url !== '') return;
    }
    throw new Error((await service).stderr);
  }

  async function stopService() {
    const begin = performance.now();
    service.kill('SIGTERM');
    expect((await service).exitCode).toBe(0);
    expect(performance.now() - begin).toBeLessThan(10_000);
  }

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    machine = setUpPrivateSystem(folder.path);
    unitFile = join(machine.etc, 'systemd', 'system', 'authsvc.service');
    await prepare();
    await startService();
  });
  afterAll(async () => {
    service.kill('SIGTERM');
    await service;
    await folder.remove();
  });

  it('serves, and reads the secret that systemd handed on', async () => {
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const body = new URLSearchParams({ email: 'ada@example.com' });
    expect(await (await fetch(`${url}/reset_password`, { method: 'POST', body })).json()).toMatchObject({
      message: 'reset instructions sent',
    });
  });

  it('is found by root, who names no folder and no user', async () => {
    const status = await machine.authsvc(['daemon', 'status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ running: true, url, data_folder: '/var/lib/authsvc' });
    const body = JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/users`, { method: 'POST', headers, body })).status).toBe(200);
    expect((await machine.authsvc(['users', 'list'])).stdout).toContain('ada@example.com');
    expect((await machine.authsvc(['audit'])).stdout).toContain('user registered');
    expect(await machine.authsvc(['backup', '/var/lib/authsvc/copy.db'])).toMatchObject({ exitCode: 0 });
  });

  it('is examined by the doctor as it runs', async () => {
    const { stdout, exitCode } = await machine.authsvc(['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string; message: string }[] };
    expect([exitCode, checks.filter(({ state }) => state === 'problem')]).toEqual([0, []]);
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'data_folder', message: '/var/lib/authsvc is closed to other users' }),
    );
  });

  it('is left alone by other users, with the line to type', async () => {
    for (const args of [
      ['users', 'list'],
      ['audit', '--since', '1d'],
      ['daemon', 'status'],
      ['daemon', 'stop'],
    ]) {
      const { exitCode, stderr } = await machine.authsvc(args, { user: stranger });
      expect([exitCode, stderr]).toEqual([
        3,
        expect.stringContaining(`As its operator: sudo authsvc ${args.join(' ')}`),
      ]);
    }
    expect((await machine.authsvc(['users', '--help'], { user: stranger })).exitCode).toBe(0);
    expect((await machine.authsvc(['doctor', '--url', url], { user: stranger })).stdout).toContain(`${url} answers`);
  });

  it.each(['start', 'restart'])('is not to be run by hand: daemon %s names systemctl', async (verb) => {
    expect(await machine.authsvc(['daemon', verb])).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining(`: systemctl ${verb} authsvc`),
    });
  });

  it('sends to the journal whom the log is asked for', async () => {
    expect((await machine.authsvc(['daemon', 'logs'])).stderr).toContain('journalctl -u authsvc');
  });

  it('ends on SIGTERM, is started by systemctl, and keeps its accounts', async () => {
    await stopService();
    const { exitCode, stdout } = await machine.authsvc(['daemon', 'status']);
    expect([exitCode, stdout]).toEqual([3, expect.stringContaining('systemctl start authsvc')]);
    expect((await machine.authsvc(['users', 'list'])).stderr).toContain('Start it: systemctl start authsvc');
    await startService();
    expect((await machine.authsvc(['users', 'list'])).stdout).toContain('ada@example.com');
    expect(await machine.authsvc(['daemon', 'stop'])).toMatchObject({ exitCode: 0 });
    expect((await service).exitCode).toBe(0);
  });

  it('is restored by root, and everything still belongs to its user', async () => {
    const { stderr } = await machine.authsvc(['restore', '/var/lib/authsvc/copy.db', '--yes']);
    expect(stderr).toContain('Next: systemctl start authsvc');
    const names = await readdir(dataFolder(), { recursive: true });
    expect(names).toContain('authsvc.db');
    for (const name of names) expect([name, (await lstat(join(dataFolder(), name))).uid]).toEqual([name, user.uid]);
    await startService();
    expect((await machine.authsvc(['users', 'list'])).stdout).toContain('ada@example.com');
  });

  it("gives way to root's own daemon while that runs", async () => {
    const own = { AUTHSVC_DATA_DIR: join(folder.path, '.local', 'share', 'authsvc'), AUTHSVC_LISTEN_PORT: '0' };
    await mkdir(join(folder.path, '.local', 'share'), { recursive: true });
    expect(await machine.authsvc(['daemon', 'start'], { env: own })).toMatchObject({ exitCode: 0 });
    const whose = async (env: Record<string, string> = {}) => {
      const { stdout } = await machine.authsvc(['daemon', 'status', '--json'], { env });
      return (JSON.parse(stdout) as { data_folder: string }).data_folder;
    };
    expect(await whose()).toBe(own.AUTHSVC_DATA_DIR);
    expect(await whose({ AUTHSVC_DATA_DIR: '/var/lib/authsvc' })).toBe('/var/lib/authsvc');
    expect(await machine.authsvc(['daemon', 'stop'], { env: own })).toMatchObject({ exitCode: 0 });
    expect(await whose()).toBe('/var/lib/authsvc');
  });
});
