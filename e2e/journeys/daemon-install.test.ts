import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { expectEnd, it, makeHome } from '../support/journey.ts';
import { authsvcFile, cleanEnvironment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0;

describe('authsvc daemon install', () => {
  it('demands to know how reset tokens travel', async ({ home }) => {
    expect(await runAuthsvc(['daemon', 'install'], { home })).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('--reset-delivery'),
    });
  });

  it('writes and prints a unit that systemd accepts', async ({ home }) => {
    const path = join(home, '.config', 'systemd', 'user', 'authsvc.service');
    const { exitCode, stdout, stderr } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'operator'], {
      home,
    });
    const unit = await readFile(path, 'utf8');
    expect([exitCode, `${stdout}\n`]).toEqual([0, unit]);
    expect(stderr).toContain('systemctl --user enable --now authsvc');
    expect(unit).toContain(`\nExecStart="${process.execPath}" "${authsvcFile}" "serve"\n`);
    expect(unit).toContain('\nEnvironment="AUTHSVC_RESET_DELIVERY=operator"\n');
    verify(home, 'authsvc.service');
  });

  it('answers --json with where the unit is', async ({ home }) => {
    const { stdout } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'response', '--json'], { home });
    const answer = {
      unit: join(home, '.config/systemd/user/authsvc.service'),
      reset_delivery: 'response',
      settings: ['AUTHSVC_RESET_DELIVERY'],
      left_out: [],
    };
    expect(JSON.parse(stdout)).toEqual(answer);
    const help = (await runAuthsvc(['daemon', 'install', '--help'], { home })).stdout.replaceAll(/,\n {3}(?=")/g, ',');
    const [, shape = ''] = /^ {2}(\{.*\})$/m.exec(help) ?? [];
    expect(Object.keys(JSON.parse(shape))).toEqual(Object.keys(answer));
  });

  it('writes and prints a service and a timer for a backup every night, which systemd accepts', async ({ home }) => {
    const folder = join(home, '100% of "$HOME"');
    const env = { AUTHSVC_DATA_DIR: join(home, 'my data') };
    const run = (...more: string[]) =>
      runAuthsvc(['daemon', 'install', '--reset-delivery', 'operator', '--backup', folder, ...more], { home, env });
    const { exitCode, stdout, stderr } = await run('--keep', '30');
    const units = join(home, '.config', 'systemd', 'user');
    const [unit, service, timer] = await Promise.all(
      ['authsvc.service', 'authsvc-backup.service', 'authsvc-backup.timer'].map((name) =>
        readFile(join(units, name), 'utf8'),
      ),
    );
    expect([exitCode, `${stdout}\n`]).toEqual([0, `${unit}\n${service}\n${timer}`]);
    expect(stderr).toContain('systemctl --user enable --now authsvc-backup.timer');
    const program = `"${process.execPath}" "${authsvcFile}"`;
    const quoted = folder.replaceAll('%', '%%').replaceAll('"', '\\"').replaceAll('$', '$$$$');
    expect(service).toContain(`\nExecStart=${program} "backup" "--dir" "${quoted}" "--keep" "30"\n`);
    expect(service).toContain(`\nEnvironment="AUTHSVC_DATA_DIR=${join(home, 'my data')}"\n`);
    expect(timer).toContain('\nOnCalendar=daily\nPersistent=true\nRandomizedDelaySec=1h\n');
    verify(home, 'authsvc.service', 'authsvc-backup.service', 'authsvc-backup.timer');
    expect(JSON.parse((await run('--json')).stdout).backup).toEqual({
      service: join(units, 'authsvc-backup.service'),
      timer: join(units, 'authsvc-backup.timer'),
      folder,
      keep: 14,
    });
  });

  it.each([
    [['--backup', 'nights', '--keep', '0'], {}, '--keep is how many backups to keep'],
    [['--keep', '3'], {}, '--keep belongs to --backup'],
    [['--backup', ''], {}, '--backup needs the path of a folder'],
    [['--backup', 'nights'], { AUTHSVC_DATABASE_URL: 'postgres://ada@127.0.0.1/accounts' }, 'pg_dump'],
  ])('refuses %j with %j, and writes nothing', async (args, env, message) => {
    const home = await makeHome();
    const { exitCode, stderr } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'operator', ...args], {
      home,
      env,
    });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await readdir(home)).toEqual([]);
  });

  it('carries every setting in force over, as the service takes it, and names what it leaves out', async ({ home }) => {
    await writeFile(join(home, 'smtp'), 'smtps://ada:secret@mail.example.com', { mode: 0o600 });
    const carried = {
      AUTHSVC_AUDIT_RETENTION_DAYS: '30',
      AUTHSVC_BCRYPT_COST: '11',
      AUTHSVC_DATA_DIR: join(home, 'a "b" 100% $HOME \\ c'),
      AUTHSVC_LISTEN_PORT: '4200',
      AUTHSVC_MAIL_FROM: 'Accounts 100% <accounts@example.com>',
      AUTHSVC_PUBLIC_URL: 'https://auth.example.com',
      AUTHSVC_SMTP_URL_FILE: join(home, 'smtp'),
      AUTHSVC_TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1',
    };
    const env = {
      ...carried,
      AUTHSVC_DATABASE_URL: 'postgres://authsvc:pass%20word@db.example.com/authsvc',
      PGPASSWORD: 'secret too',
      AUTHSVC_URL: 'http://127.0.0.1:4100',
      AUTHSVC_UNKNOWN: 'x',
    };
    const { exitCode, stdout, stderr } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'smtp'], {
      home,
      env,
    });
    expect([exitCode, stderr.split('\n').filter((line) => line.startsWith('!'))]).toEqual([
      0,
      [
        '! AUTHSVC_DATABASE_URL is not in the unit: it holds a secret: put it into a file of mode 600, set AUTHSVC_DATABASE_URL_FILE to its path, and install again',
        '! AUTHSVC_UNKNOWN is not in the unit: it is no setting of the service',
        '! AUTHSVC_URL is not in the unit: it is no setting of the service',
        '! PGPASSWORD is not in the unit: it goes into the file below',
      ],
    ]);
    expect(`${stdout}${stderr}`).not.toMatch(/pass%20word|secret too|ada:secret/);
    expect(stdout.split('\n').filter((line) => line.startsWith('Environment='))).toEqual(
      [
        'AUTHSVC_DATA_DIR=' +
          carried.AUTHSVC_DATA_DIR.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%'),
        'AUTHSVC_AUDIT_RETENTION_DAYS=30',
        'AUTHSVC_BCRYPT_COST=11',
        'AUTHSVC_LISTEN_PORT=4200',
        'AUTHSVC_MAIL_FROM=Accounts 100%% <accounts@example.com>',
        'AUTHSVC_PUBLIC_URL=https://auth.example.com',
        `AUTHSVC_SMTP_URL_FILE=${join(home, 'smtp')}`,
        'AUTHSVC_TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1',
        'AUTHSVC_RESET_DELIVERY=smtp',
      ].map((assignment) => `Environment="${assignment}"`),
    );
    verify(home, 'authsvc.service');
  });

  it('makes absolute what is relative to this folder, and takes over where this shell keeps its data', async ({
    home,
  }) => {
    const env = {
      XDG_DATA_HOME: join(home, 'share'),
      AUTHSVC_DATABASE_URL: 'sqlite:accounts.db',
      AUTHSVC_MAIL_DIR: 'mails',
    };
    const { stdout } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'smtp'], { home, env });
    expect(stdout.split('\n').filter((line) => line.startsWith('Environment='))).toEqual([
      `Environment="AUTHSVC_DATA_DIR=${home}/share/authsvc"`,
      `Environment="AUTHSVC_DATABASE_URL=sqlite:${process.cwd()}/accounts.db"`,
      `Environment="AUTHSVC_MAIL_DIR=${process.cwd()}/mails"`,
      'Environment="AUTHSVC_RESET_DELIVERY=smtp"',
    ]);
  });

  it('writes nothing where the service would not start', async ({ home }) => {
    const env = { AUTHSVC_LISTEN_PORT: '-1', AUTHSVC_BCRYPT_COST: '4' };
    const { exitCode, stdout, stderr } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'operator'], {
      home,
      env,
    });
    expectEnd({ exitCode, stderr }, 2, [
      'AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1"',
      'AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "4"',
      '✗ The service would not start with the settings of this environment, and no unit was written',
      '  AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1".',
    ]);
    expect(stdout).toBe('');
    expect(await readdir(home)).toEqual([]);
  });

  it('still leaves the mail server to the file beside the unit', async ({ home }) => {
    const { exitCode, stderr } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'smtp'], { home });
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Put AUTHSVC_SMTP_URL=… into')]);
  });
});

/** Has systemd read units, where there is one. */
function verify(home: string, ...names: readonly string[]): void {
  if (!hasSystemd) return;
  const units = names.map((name) => join(home, '.config', 'systemd', 'user', name));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--user', ...units], {
    env: cleanEnvironment(home, { XDG_RUNTIME_DIR: home }),
    encoding: 'utf8',
  });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
}
