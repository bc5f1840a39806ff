import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CTRL_U, openPseudoTerminal } from '../../../../test/pseudo-terminal.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const shells = ['bash', 'zsh', 'fish'];
const missing = shells.filter((shell) => spawnSync(shell, ['--version'], { stdio: 'ignore' }).error);
if (missing.length > 0) {
  if (process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
  process.stderr.write(`\n!!! The completion is NOT TRIED in ${missing.join(', ')}: not installed\n\n`);
}

async function script(shell: string): Promise<string> {
  const { status, stdout, stderr } = await createTestMachine().authsvc(['completion', shell]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-completion-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** What fish offers for a command line, without its descriptions. */
async function fishOffers(line: string): Promise<string[]> {
  const program = `${await script('fish')}\ncomplete -C ${JSON.stringify(line)}\n`;
  const home = makeHome();
  const env = { HOME: home, PATH: process.env.PATH, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const { stdout } = spawnSync('fish', ['--no-config', '-c', program], { env, encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((offer) => offer !== '')
    .map((offer) => offer.split('\t')[0] ?? '');
}

describe('authsvc completion', () => {
  it('names the shells that it knows', async () => {
    const { status, stderr } = await createTestMachine().authsvc(['completion', 'tcsh']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Allowed choices are bash, zsh, fish')]);
  });

  it('gives the script as one JSON value', async () => {
    const { stdout } = await createTestMachine().authsvc(['completion', 'fish', '--json']);
    expect(JSON.parse(stdout)).toEqual({ shell: 'fish', script: await script('fish') });
  });

  it.skipIf(missing.includes('bash'))('completes commands, options and their words in bash', async () => {
    const home = makeHome();
    writeFileSync(join(home, '.bashrc'), `PS1='ready> '\nbind 'set show-all-if-ambiguous on'\n${await script('bash')}`);
    const bash = openPseudoTerminal('bash', ['--rcfile', join(home, '.bashrc'), '-i'], { HOME: home });
    await bash.shows('ready> ');
    bash.type('authsvc dae\t');
    await bash.shows('authsvc daemon ');
    bash.type('st\t');
    for (const command of ['start', 'status', 'stop']) await bash.shows(command);
    bash.type(`${CTRL_U}authsvc --url http://127.0.0.1:1 log\tout --em\t`);
    await bash.shows('authsvc --url http://127.0.0.1:1 logout --email ');
    bash.type(`${CTRL_U}authsvc login --st\tk\t`);
    await bash.shows('--storage keychain');
    bash.type(`${CTRL_U}authsvc login --storage=f\t`);
    await bash.shows('--storage=file');
    bash.type(`${CTRL_U}authsvc help prof\t`);
    await bash.shows('help profile');
  });

  it.skipIf(missing.includes('zsh'))('completes commands, options and their words in zsh', async () => {
    const home = makeHome();
    const setUp = "PS1='ready> '\nautoload -U compinit && compinit -u -D\n";
    writeFileSync(join(home, '.zshrc'), `${setUp}${await script('zsh')}`);
    const zsh = openPseudoTerminal('zsh', ['-i'], { HOME: home, ZDOTDIR: home });
    await zsh.shows('ready> ');
    zsh.type('authsvc dae\t');
    await zsh.shows('mon');
    zsh.type('sta\t');
    await zsh.shows('start');
    await zsh.shows('-- Start it; returns once it listens');
    await zsh.shows('status');
    zsh.type(`${CTRL_U}authsvc --url http://127.0.0.1:1 logo\t--em\t`);
    await zsh.shows('ut');
    await zsh.shows('ail');
    zsh.type(`${CTRL_U}authsvc login --storage k\t`);
    await zsh.shows('eychain');
    zsh.type(`${CTRL_U}authsvc completion z\t`);
    await zsh.shows('sh');
  });

  it.skipIf(missing.includes('fish'))('completes commands, options and their words in fish', async () => {
    expect(await fishOffers('authsvc dae')).toEqual(['daemon']);
    expect(await fishOffers('authsvc daemon st')).toEqual(['start', 'status', 'stop']);
    expect(await fishOffers('authsvc --url http://127.0.0.1:1 login --st')).toEqual(['--storage']);
    expect(await fishOffers('authsvc login --storage ')).toEqual(['file', 'keychain']);
    expect(await fishOffers('authsvc --url login --em')).toEqual([]);
    expect(await fishOffers('authsvc help prof')).toEqual(['profile']);
  });
});
