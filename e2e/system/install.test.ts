import { spawnSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authsvcFile, root } from '../support/program.ts';
import { NOBODY } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { findSystemObstacle, setUpPrivateSystem } from './private-system.ts';
import { exposureOf, readUnit } from './system-unit.ts';

/** By systemd 252; it called 1.6 of 10 "OK". */
const MOST_EXPOSURE = 1.6;
const stranger = { uid: NOBODY, gid: NOBODY };
const install = ['daemon', 'install', '--system', '--reset-delivery', 'operator'];

const obstacle = findSystemObstacle();
const hasSystemd = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0;
if (obstacle !== undefined) {
  process.stderr.write(`\n!!! ${obstacle}: the service of the system was NOT tried\n\n`);
}

describe.skipIf(obstacle !== undefined)('authsvc daemon install --system', () => {
  let folder: TemporaryFolder;
  let machine: ReturnType<typeof setUpPrivateSystem>;
  let unitFile: string;
  const port = 20_000 + (process.pid % 20_000);

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
    expect(await machine.authsvc(install, { env, user: stranger })).toEqual({
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
    [[], { AUTHSVC_DATABASE_URL: 'sqlite:/home/ada/a.db' }, 1, '/home/ada is out of reach for a service of the system'],
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
    const here = 'mount -t tmpfs none /home && mkdir /home/ada && mount --bind "$1" /home/ada && shift && exec "$@"';
    const moved = authsvcFile.replace(root, '/home/ada');
    const end = await machine.run(['sh', '-c', here, 'sh', root, process.execPath, moved, ...install]);
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('The unit closes /home to it.') });
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
    expect(all('ReadWritePaths')).toEqual(['"-/var/backups/authsvc"', '"-/srv/mails"']);
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

    it('has a timer beside it for a backup every night, by the same user', async () => {
      const nightly = [...install, '--backup', '/srv/nights', '--keep', '30'];
      const { stderr } = await machine.authsvc(nightly);
      expect(stderr).toContain('systemctl enable --now authsvc-backup.timer');
      expect(stderr).toContain('install -d -o authsvc -m 700 /srv/nights');
      const { backup } = JSON.parse((await machine.authsvc([...nightly, '--json'])).stdout);
      expect(backup).toEqual({
        service: '/etc/systemd/system/authsvc-backup.service',
        timer: '/etc/systemd/system/authsvc-backup.timer',
        folder: '/srv/nights',
        keep: 30,
      });
      expect(readUnit(await readFile(unitFile, 'utf8')).all('ReadWritePaths')).toEqual(['"-/srv/nights"']);
      const service = await readFile(unitFile.replace('.service', '-backup.service'), 'utf8');
      expect(readUnit(service).all('User')).toEqual(['authsvc']);
      expect(readUnit(service).environment('')).toEqual({ AUTHSVC_DATA_DIR: '/var/lib/authsvc' });
      const verified = await machine.run(['systemd-analyze', 'verify', backup.service, backup.timer]);
      expect(verified).toEqual({ exitCode: 0, stdout: '', stderr: '' });
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
});
