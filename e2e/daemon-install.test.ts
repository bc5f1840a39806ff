import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it } from './support/journey.ts';
import { authsvcFile, cleanEnvironment } from './support/program.ts';
import { runAuthsvc } from './support/run-authsvc.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0;

describe('authsvc daemon install', () => {
  it('demands to be told how reset tokens travel', async ({ home }) => {
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
    if (!hasSystemd) return;
    const verified = spawnSync('systemd-analyze', ['verify', '--user', path], {
      env: cleanEnvironment(home, { XDG_RUNTIME_DIR: home }),
      encoding: 'utf8',
    });
    expect([verified.status, verified.stdout, verified.stderr]).toEqual([0, '', '']);
  });

  it('answers --json with where the unit is', async ({ home }) => {
    const { stdout } = await runAuthsvc(['daemon', 'install', '--reset-delivery', 'response', '--json'], { home });
    const answer = { unit: join(home, '.config/systemd/user/authsvc.service'), reset_delivery: 'response' };
    expect(JSON.parse(stdout)).toEqual(answer);
    const help = (await runAuthsvc(['daemon', 'install', '--help'], { home })).stdout.replaceAll(/,\n {3}(?=")/g, ',');
    const [, shape = ''] = /^ {2}(\{.*\})$/m.exec(help) ?? [];
    expect(Object.keys(JSON.parse(shape))).toEqual(Object.keys(answer));
  });
});
