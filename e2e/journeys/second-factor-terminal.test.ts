import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, onTestFinished } from 'vitest';
import type { PseudoTerminal } from '../../test/pseudo-terminal.ts';
import { scanTerminal } from '../../test/scan-terminal.ts';
import { authenticatorObstacle, readCode } from '../support/authenticator.ts';
import { findInFiles } from '../support/find-in-files.ts';
import { it } from '../support/journey.ts';
import { cleanEnvironment, root } from '../support/program.ts';
import { type ArgumentsWatch, watchArguments } from '../support/watch-arguments.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const login = ['login', '--email', email];
const APP_CODE = 'Code from your authenticator app:';
const ANY_CODE = 'Code from your authenticator app, or a recovery code:';
const pythonObstacle = spawnSync('python3', ['--version']).error && 'python3 is missing';

let watch: ArgumentsWatch;

beforeEach(() => {
  watch = watchArguments();
  onTestFinished(() => {
    watch.stop();
  });
});

/** Types answers, each when its question is shown; none after a text that is no question. */
async function answer(terminal: PseudoTerminal, answers: readonly (readonly [question: string, text?: string])[]) {
  for (const [question, text] of answers) {
    await terminal.shows(question);
    if (text !== undefined) terminal.answer(text);
  }
}

describe.skipIf(authenticatorObstacle)('a second factor in the terminal', () => {
  it('is scanned, asked for at the next login, and replaced by a recovery code', async ({
    authsvc,
    terminal,
    daemon,
    home,
  }) => {
    const env = { AUTHSVC_STORAGE: 'file' };
    await authsvc(['register', '--email', email, '--password-stdin'], { env, input: password });
    await authsvc([...login, '--password-stdin'], { env, input: password });

    const enable = terminal(['mfa', 'enable'], env);
    await answer(enable, [['Password:', password]]);
    await enable.shows(APP_CODE);
    const url = new URL(scanTerminal(enable.bytes(), 'dark'));
    expect(scanTerminal(enable.bytes(), 'light')).toBe(url.href);
    expect(`${url.protocol}//${url.host}${decodeURIComponent(url.pathname)}`).toBe(`otpauth://totp/authsvc:${email}`);
    const secret = url.searchParams.get('secret') ?? '';
    expect(enable.screen()).toContain(secret.match(/.{4}/g)?.join(' '));
    const first = await readCode(secret, 0);
    enable.answer(first);
    await enable.shows('✓ Second factor on; every other session of yours has ended');
    expect(await enable.ended).toBe(0);
    const recoveryCodes = enable.screen().match(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}(?=\r$)/gm) ?? [];
    expect(recoveryCodes).toHaveLength(10);
    expect(await authsvc(['profile', '--json'], { env })).toMatchObject({ exitCode: 0 });

    const next = await readCode(secret, 1);
    const loggedIn = terminal(login, env);
    await answer(loggedIn, [['Password:', password], [ANY_CODE, '000000'], ['✗ Wrong code'], [ANY_CODE, next]]);
    await loggedIn.shows(`as ${email}`);
    expect(await loggedIn.ended).toBe(0);

    const again = terminal(login, env);
    const [byTerminal = '', byPipe = '', forDisabling = ''] = recoveryCodes;
    await answer(again, [
      ['Password:', password],
      [ANY_CODE, next],
      ['✗ This code was used already: wait for the next one'],
      [ANY_CODE, byTerminal],
    ]);
    await again.shows('✓ 9 recovery codes are left');
    expect(await again.ended).toBe(0);

    const pipe = (code: string) =>
      authsvc([...login, '--password-stdin', '--code-stdin', '--debug'], { env, input: `${password}\n${code}\n` });
    const piped = await pipe(byPipe);
    expect(piped).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('8 recovery codes are left') });
    const used = await pipe(byPipe);
    expect(used).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('✗ Wrong code') });
    const without = await authsvc([...login, '--password-stdin'], { env, input: password });
    expect(without).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--code-stdin') });

    const input = `${password}\n${forDisabling}`;
    const disabled = await authsvc(['mfa', 'disable', '--password-stdin', '--code-stdin'], { env, input });
    expect(disabled).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await authsvc([...login, '--password-stdin'], { env, input: password })).toMatchObject({ exitCode: 0 });

    const shown = [loggedIn, again].map((one) => one.bytes()).join('');
    const said = [piped, used, without].map(({ stdout, stderr }) => stdout + stderr).join('');
    const logged = daemon.stdout() + daemon.stderr();
    const seen = [...watch.stop()].join('\n');
    for (const one of [secret, first, next, ...recoveryCodes]) {
      expect(`${shown}${said}${logged}${seen}`).not.toContain(one);
    }
    const codes = Object.fromEntries(recoveryCodes.map((code, index) => [index, code.replaceAll('-', '')]));
    expect(Object.values(await findInFiles([home], codes)).flat()).toEqual([]);
  });

  it.skipIf(pythonObstacle)('is turned on by the program in docs/commands.md', async ({ authsvc, home, daemon }) => {
    const env = { AUTHSVC_STORAGE: 'file' };
    await authsvc(['register', '--email', email, '--password-stdin'], { env, input: password });
    await authsvc([...login, '--password-stdin'], { env, input: password });
    const page = await readFile(join(root, 'docs', 'commands.md'), 'utf8');
    const [, program = ''] = /^```python\n(.*?)^```/ms.exec(page) ?? [];
    const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`;
    const { stdout } = await execa('python3', ['-c', `${program}\nprint(recovery_codes[0])`], {
      env: cleanEnvironment(home, { ...env, PATH: path, PW: password, AUTHSVC_URL: daemon.url }),
      extendEnv: false,
    });
    const args = ['password', '--password-stdin', '--new-password-stdin', '--code-stdin'];
    const input = `${password}\nstaple after staple\n${stdout.toLowerCase()}\n`;
    expect(await authsvc(args, { env, input })).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/);
    expect([...watch.stop()].filter((line) => line.includes(stdout))).toEqual([]);
  });
});
