import { spawnSync } from 'node:child_process';
import { chown, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSystemObstacle, setUpPrivateSystem } from '../support/private-system.ts';
import { authsvcFile, root } from '../support/program.ts';
import { NOBODY } from '../support/run-authsvc.ts';
import { exposureOf, readUnit } from '../support/system-unit.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

/** By systemd 252; it called 1.6 of 10 "OK". */
const MOST_EXPOSURE = 1.6;
const nobody = { uid: NOBODY, gid: NOBODY };
const install = ['daemon', 'install', '--system', '--reset-delivery', 'operator'];

const obstacle = findSystemObstacle();
const hasSystemd = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0;
if (obstacle !== undefined) {
  process.stderr.write(`\n!!! ${obstacle}: the service of the system was NOT tried\n\n`);
}

describe.skipIf(obstacle !== undefined)('authsvc as a service of the system', () => {
  let folder: TemporaryFolder;
  let machine: ReturnType<typeof setUpPrivateSystem>;
  let unitFile: string;
  const port = 20_000 + (process.pid % 20_000);
  const dataFolder = () => join(machine.lib, 'authsvc');

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    machine = setUpPrivateSystem(folder.path);
    unitFile = join(machine.etc, 'systemd', 'system', 'authsvc.service');
    await mkdir(join(machine.etc, 'authsvc'));
    await writeFile(join(machine.etc, 'authsvc', 'smtp url'), 'smtp://ada:secret@127.0.0.1:9\n', { mode: 0o600 });
  });
  afterAll(() => folder.remove());

  it('tells a user who is not root what to type', async () => {
    const env = { AUTHSVC_PUBLIC_URL: 'https://a.example.com', AUTHSVC_NAME: 'Shop' };
    expect(await machine.authsvc(install, { env, user: nobody })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        '✗ Only root can write /etc/systemd/system/authsvc.service\n' +
        '  As root: sudo --preserve-env=AUTHSVC_NAME,AUTHSVC_PUBLIC_URL authsvc daemon install --system --user authsvc --reset-delivery operator',
    });
  });

  it.each([
    [['--user', 'root'], {}, 2, 'The service needs no rights of root: name another user with --user'],
    [['--user', 'a b'], {}, 2, '--user is not the name of a user'],
    [[], { AUTHSVC_MAIL_DIR: '/home/ada/mails' }, 1, '/home/ada/mails is out of reach for a service of the system'],
    [[], { AUTHSVC_DATABASE_URL: 'sqlite:/root/a.db' }, 1, '/root is out of reach for a service of the system'],
    [[], { AUTHSVC_LISTEN_PORT: '-1' }, 2, 'and no unit was written'],
  ])('refuses %j with %j', async (options, env, exitCode, message) => {
    const end = await machine.authsvc([...install, ...options], { env });
    expect(end).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) });
    await expect(stat(unitFile)).rejects.toThrow('ENOENT');
  });

  it('refuses --user without --system', async () => {
    const end = await machine.authsvc(['daemon', 'install', '--reset-delivery', 'operator', '--user', 'ada']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--user needs --system') });
  });

  it('refuses a program that its user cannot read', async () => {
    const here = 'mkdir -p /root/clone && mount --bind "$1" /root/clone && shift && exec "$@"';
    const moved = authsvcFile.replace(root, '/root/clone');
    const end = await machine.run(['sh', '-c', here, 'sh', root, process.execPath, moved, ...install]);
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('The unit closes /root to it.') });
  });

  it('writes a unit, and names every setting that is not in it', async () => {
    const env = {
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_DATABASE_URL: 'postgres://authsvc:pass%20word@db.example.com/authsvc',
      AUTHSVC_DATA_DIR: '/srv/elsewhere',
      AUTHSVC_LISTEN_PORT: String(port),
      AUTHSVC_NAME: 'A "shop" 100% $HOME \\ c',
      AUTHSVC_SMTP_URL_FILE: '/etc/authsvc/smtp url',
      AUTHSVC_UNKNOWN: 'x',
    };
    const { exitCode, stdout, stderr } = await machine.authsvc(install, { env });
    expect(exitCode).toBe(0);
    expect(`${stdout}\n`).toBe(await readFile(unitFile, 'utf8'));
    expect(stderr.split('\n').filter((line) => line.startsWith('!'))).toEqual([
      '! AUTHSVC_DATA_DIR is not in the unit: it names /srv/elsewhere, and a service of the system keeps its data in /var/lib/authsvc',
      expect.stringMatching(/^! AUTHSVC_DATABASE_URL is not in the unit: it holds a secret/),
      '! AUTHSVC_UNKNOWN is not in the unit: it is no setting of the service',
    ]);
    expect(`${stdout}${stderr}`).not.toMatch(/pass%20word|ada:secret/);
    expect(readUnit(stdout).environment('/creds')).toEqual({
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_DATA_DIR: '/var/lib/authsvc',
      AUTHSVC_LISTEN_PORT: String(port),
      AUTHSVC_NAME: 'A "shop" 100% $HOME \\ c',
      AUTHSVC_RESET_DELIVERY: 'operator',
      AUTHSVC_SMTP_URL_FILE: '/creds/AUTHSVC_SMTP_URL',
    });
    expect(readUnit(stdout).credentials).toEqual([{ id: 'AUTHSVC_SMTP_URL', path: '/etc/authsvc/smtp url' }]);
    expect(((await stat(unitFile)).mode & 0o777).toString(8)).toBe('644');
  });

  it('says how to make its user, by a command that makes it', async () => {
    const { stderr } = await machine.authsvc(install, { env: { AUTHSVC_LISTEN_PORT: '80' } });
    const [, command = ''] = /Make its user: (.+)$/m.exec(stderr) ?? [];
    expect(await machine.run(command.split(' '))).toMatchObject({ exitCode: 0 });
    const again = await machine.authsvc(install, {
      env: { AUTHSVC_LISTEN_PORT: '80', AUTHSVC_MAIL_DIR: '/srv/mails' },
    });
    expect(again.stderr).not.toContain('Make its user');
    const { all } = readUnit(again.stdout);
    expect(all('CapabilityBoundingSet')).toEqual(['CAP_NET_BIND_SERVICE']);
    expect(all('ReadWritePaths')).toEqual(['"-/srv/mails"']);
    expect(again.stderr).toContain('install -d -o authsvc -m 700 /srv/mails');
  });

  describe.skipIf(!hasSystemd)('for systemd', () => {
    const verify = () => machine.run(['systemd-analyze', 'verify', '/etc/systemd/system/authsvc.service']);

    it('is a unit without a fault', async () => {
      expect(await verify()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      const unit = await readFile(unitFile, 'utf8');
      await writeFile(unitFile, unit.replace('ProtectSystem=strict', 'ProtectSystem=strictly'));
      expect((await verify()).stderr).toContain('Failed to parse');
      await writeFile(unitFile, unit);
    });

    it('leaves little exposed, and more without any of its restrictions', async () => {
      await machine.authsvc(install);
      const unit = await readFile(unitFile, 'utf8');
      const exposure = exposureOf(unitFile);
      process.stderr.write(`\nsystemd-analyze security: ${exposure} of 10 for the service of the system\n\n`);
      expect(exposure).toBeLessThanOrEqual(MOST_EXPOSURE);
      const lines = [
        /^User=.*\n/m,
        /^CapabilityBoundingSet=.*\n/m,
        /^SystemCallFilter=.*\n/gm,
        /^Protect\w+=.*\n/gm,
        /^Private\w+=.*\n/gm,
        /^Restrict\w+=.*\n/gm,
        /^(NoNewPrivileges|UMask|LockPersonality)=.*\n/gm,
      ];
      const weaker = join(folder.path, 'authsvc.service');
      for (const line of lines) {
        await writeFile(weaker, unit.replace(line, ''));
        expect(exposureOf(weaker), String(line)).toBeGreaterThan(MOST_EXPOSURE);
      }
    });
  });

  describe('started as its unit says', () => {
    const credentials = () => join(machine.lib, 'credentials');
    let user: { uid: number; gid: number };
    let url: string;
    let service: ReturnType<typeof start>;

    /** What systemd does before it starts a service, and then the service. */
    async function prepare() {
      const env = {
        AUTHSVC_BCRYPT_COST: '10',
        AUTHSVC_LISTEN_PORT: '0',
        AUTHSVC_SMTP_URL_FILE: '/etc/authsvc/smtp url',
      };
      expect(await machine.authsvc(install, { env })).toMatchObject({ exitCode: 0 });
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
      await prepare();
      await startService();
    });
    afterAll(async () => {
      service.kill('SIGTERM');
      await service;
    });

    it('serves, and reads the secret that systemd handed on', async () => {
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      expect(await (await fetch(url, { headers: { accept: 'application/json' } })).json()).toMatchObject({
        email_verification: 'required',
      });
    });

    it('is found by root, who names no folder and no user', async () => {
      const status = await machine.authsvc(['daemon', 'status', '--json']);
      expect(JSON.parse(status.stdout)).toMatchObject({ running: true, url, data_folder: '/var/lib/authsvc' });
      const invited = await machine.authsvc(['users', 'invite', 'ada@example.com', '--json']);
      expect(invited).toMatchObject({ exitCode: 0 });
      const { invitation_token } = JSON.parse(invited.stdout) as { invitation_token: string };
      const body = JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery', invitation_token });
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${url}/users`, { method: 'POST', headers, body })).status).toBe(200);
      expect((await machine.authsvc(['users', 'list'])).stdout).toContain('ada@example.com');
      expect((await machine.authsvc(['audit'])).stdout).toContain('invitation accepted');
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

    it('is left alone by other users, who are told what to type', async () => {
      for (const args of [
        ['users', 'list'],
        ['audit', '--since', '1d'],
        ['daemon', 'status'],
        ['daemon', 'stop'],
      ]) {
        const { exitCode, stderr } = await machine.authsvc(args, { user: nobody });
        expect([exitCode, stderr]).toEqual([
          3,
          expect.stringContaining(`As its operator: sudo authsvc ${args.join(' ')}`),
        ]);
      }
      expect((await machine.authsvc(['users', '--help'], { user: nobody })).exitCode).toBe(0);
      expect((await machine.authsvc(['doctor', '--url', url], { user: nobody })).stdout).toContain(`${url} answers`);
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

    it("gives way to a data folder of the user's own", async () => {
      await mkdir(join(folder.path, '.local', 'share', 'authsvc'), { recursive: true });
      await writeFile(join(folder.path, '.local', 'share', 'authsvc', 'authsvc.lock'), '');
      const { stdout } = await machine.authsvc(['daemon', 'status', '--json']);
      expect(JSON.parse(stdout)).toEqual({
        running: false,
        data_folder: join(folder.path, '.local', 'share', 'authsvc'),
      });
      const named = await machine.authsvc(['daemon', 'status', '--json'], {
        env: { AUTHSVC_DATA_DIR: '/var/lib/authsvc' },
      });
      expect(JSON.parse(named.stdout)).toMatchObject({ running: true });
      await rm(join(folder.path, '.local'), { recursive: true });
    });
  });
});
