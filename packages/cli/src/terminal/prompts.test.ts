import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BACKSPACE, CTRL_C, CTRL_D, CTRL_T, CTRL_U, type PseudoTerminal } from '../../../../test/pseudo-terminal.ts';
import { RESET_TOKEN, startContractServer } from '../testing/contract-server.ts';
import { openTerminal } from '../testing/pseudo-terminal.ts';
import { isKeychainMissing, startBus } from '../testing/secret-service.ts';

const email = 'ada@example.com';
const password = 'correct horse';
const ESC = '\u001b';

async function start() {
  const server = await startContractServer();
  const home = mkdtempSync(join(tmpdir(), 'authsvc-prompts-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env = { HOME: home, AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' };
  const open = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    openTerminal(args, { ...env, ...more });
  return { server, home, open };
}

/** Answers questions in their order, each when it is asked. */
async function answer(terminal: PseudoTerminal, answers: readonly (readonly [question: string, keys: string])[]) {
  for (const [question, keys] of answers) {
    await terminal.shows(question);
    terminal.type(keys);
  }
}

const kinds = [
  { kind: 'rich', env: {}, options: [], isRich: true },
  { kind: 'plain by NO_COLOR', env: { NO_COLOR: '1' }, options: [], isRich: false },
  { kind: 'plain by TERM=dumb', env: { TERM: 'dumb' }, options: [], isRich: false },
  { kind: 'plain by --no-color', env: {}, options: ['--no-color'], isRich: false },
];

describe.each(kinds)('prompts, $kind', ({ env, options, isRich }) => {
  it('ask again for what will not do, and keep the earlier answers', async () => {
    const { server, open } = await start();
    const terminal = open(['register', ...options], env);
    await answer(terminal, [
      ['Email:', 'ada\r'],
      ['✗ ada is not an email address', `${CTRL_U}${email}\r`],
      ['Password:', 'short\r'],
      ['✗ Too short: a password has at least 8 characters', ''],
      ['Password:', `${password}\r`],
      ['Confirm password:', 'correct house\r'],
      ['✗ The two passwords differ', ''],
      ['Password:', 'password123\r'],
      ['Confirm password:', 'password123\r'],
      ['✗ The password is too common', ''],
      ['Password:', `${password}x${BACKSPACE}\r`],
      ['Confirm password:', `${password}\r`],
      [`✓ Registered ${email}`, ''],
    ]);
    expect(await terminal.ended).toBe(0);
    expect([...server.users]).toEqual([[email, password]]);
    expect(terminal.bytes()).not.toContain(password);
    expect(terminal.bytes().includes(ESC)).toBe(isRich);
  });

  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('end at %s with 130, the cursor as it was, and nothing written', async (_name, key) => {
    const { home, open } = await start();
    for (const given of [[], ['--email', email]]) {
      const terminal = open(['login', ...given, ...options], env);
      await terminal.shows(given.length === 0 ? 'Email:' : 'Password:');
      terminal.type(key);
      expect(await terminal.ended).toBe(130);
      expect(terminal.bytes()).toContain('Cancelled');
      expect(terminal.bytes()).not.toMatch(/\n\s+at /);
      expect(terminal.bytes().lastIndexOf('[?25l')).toBeLessThanOrEqual(terminal.bytes().lastIndexOf('[?25h'));
    }
    expect(readdirSync(home)).toEqual([]);
  });

  it('show a password by no key', async () => {
    const { server, open } = await start();
    server.users.set(email, password);
    const terminal = open(['login', '--email', email, ...options], env);
    await terminal.shows('Password:');
    terminal.type(password);
    await terminal.shows('*'.repeat(password.length));
    terminal.type(`${CTRL_T}\r`);
    await terminal.shows(`as ${email}`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes()).not.toContain(password);
    expect(terminal.bytes()).not.toContain('toggle');
  });

  it('offer the account used last', async () => {
    const { server, open } = await start();
    server.users.set(email, password);
    const first = open(['login', '--email', email, ...options], env);
    await answer(first, [['Password:', `${password}\r`]]);
    expect(await first.ended).toBe(0);
    const second = open(['login', ...options], env);
    await answer(second, [
      [`Email: (${email})`, '\r'],
      ['Password:', `${password}\r`],
    ]);
    expect(await second.ended).toBe(0);
    expect(server.sessions.size).toBe(2);
  });
});

describe.skipIf(isKeychainMissing)('a prompt while the helper of the keychain runs', () => {
  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('ends at %s with 130', async (_name, key) => {
    const { open } = await start();
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const terminal = open(['login'], { ...bus.env, AUTHSVC_STORAGE: 'keychain' });
    await answer(terminal, [['Email:', key]]);
    expect(await terminal.ended).toBe(130);
  });
});

describe('a person at a terminal', () => {
  it('goes on from a reset token to the new password', async () => {
    const { server, open } = await start();
    server.users.set(email, password);
    const terminal = open(['reset']);
    await answer(terminal, [
      ['Email:', `${email}\r`],
      ['✓ Reset token issued', ''],
      ['New password:', `${email}\r`],
      ['✗ Too easy to guess', ''],
      ['New password:', 'staple battery\r'],
      [`✓ Password updated; every session of ${email} has ended`, ''],
      ['Next: authsvc login', ''],
    ]);
    expect(await terminal.ended).toBe(0);
    expect(server.users.get(email)).toBe('staple battery');
    expect(terminal.bytes()).not.toContain(RESET_TOKEN);
  });

  it('is asked for what --token-stdin and --password-stdin would read, without an echo', async () => {
    const { server, open } = await start();
    server.users.set(email, password);
    const terminal = open(['reset', '--email', email, '--token-stdin', '--password-stdin']);
    await answer(terminal, [
      ['Reset token:', `${RESET_TOKEN}\r`],
      ['New password:', 'staple battery\r'],
    ]);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes()).not.toContain(RESET_TOKEN);
    expect(server.users.get(email)).toBe('staple battery');
  });

  it.each([
    [{ CI: 'true' }, []],
    [{}, ['--no-input']],
  ])('is not asked with %j %j', async (env, options) => {
    const { open } = await start();
    const terminal = open(['login', ...options], env);
    await terminal.shows('✗ --email is required when not running interactively');
    expect(await terminal.ended).toBe(2);
    const echoing = open(['login', '--email', email, '--password-stdin', ...options], env);
    await echoing.shows('✗ --password-stdin reads a pipe or a file, and standard input is a terminal');
    expect(await echoing.ended).toBe(2);
  });

  it('sees colours, and the plain words without them', async () => {
    const { open } = await start();
    const coloured = open(['profile']);
    expect(await coloured.ended).toBe(4);
    expect(coloured.bytes()).toContain(`${ESC}[31m✗${ESC}[39m You are not logged in`);
    const plain = open(['profile'], { NO_COLOR: '1' });
    expect(await plain.ended).toBe(4);
    expect(plain.bytes()).not.toContain(ESC);
  });
});
