import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it, openTerminal, serve } from '../support/journey.ts';
import { authsvcFile, root } from '../support/program.ts';

const page = readFileSync(join(root, 'docs', 'deploy.md'), 'utf8');
const lines = [...page.matchAll(/```crontab\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));

/** As cron runs a line: with hardly a variable, by `sh`, what follows a bare % being its input. */
function runAsCron(line: string, home: string) {
  const [, command = ''] = /^(?:\S+ ){5}(.*)$/.exec(line) ?? [];
  expect(command).not.toMatch(/(?<!\\)%/);
  const variables = [`HOME=${home}`, 'PATH=/usr/bin:/bin', 'SHELL=/bin/sh'];
  const args = ['-i', ...variables, '/bin/sh', '-c', command.replaceAll('\\%', '%')];
  const { status, stdout, stderr } = spawnSync('env', args, { cwd: home, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the lines for a crontab in docs/deploy.md', () => {
  it('hold no %, and are what sh takes', () => {
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toContain('%');
      const command = line.split(' ').slice(5).join(' ');
      expect([line, spawnSync('sh', ['-n', '-c', command], { encoding: 'utf8' }).stderr]).toEqual([line, '']);
    }
  });

  it('make a backup as cron runs them, and print nothing', async ({ home }) => {
    const share = join(home, '.local', 'share');
    await mkdir(share, { recursive: true });
    await serve(home, { AUTHSVC_DATA_DIR: join(share, 'authsvc') });
    const line = lines[0]
      ?.replace('/usr/bin/node', process.execPath)
      .replace('/usr/local/lib/node_modules/authsvc/bin/authsvc.js', authsvcFile)
      .replace('/home/ada', home);
    expect(runAsCron(line ?? '', home)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await readdir(join(home, 'backups'))).toEqual([expect.stringMatching(/^authsvc-\d{8}T\d{6}Z\.db$/)]);
  });
});

it('the line that a terminal shows makes the next backup, also where a folder has a % in its name', async ({
  home,
  daemon,
}) => {
  const folder = join(home, 'all 100% of them');
  await mkdir(folder);
  const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
  const terminal = openTerminal(['backup', '--dir', folder, '--keep', '2'], { home, env });
  expect(await terminal.ended).toBe(0);
  const [, line = ''] = /crontab -e: (.*)\r/.exec(terminal.screen()) ?? [];
  expect(runAsCron(line, home)).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await readdir(folder)).toHaveLength(2);
});
