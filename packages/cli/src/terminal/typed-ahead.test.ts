import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BACKSPACE, CTRL_C, CTRL_D } from '../../../../test/pseudo-terminal.ts';
import { startContractServer } from '../testing/contract-server.ts';
import { openTerminal } from '../testing/pseudo-terminal.ts';

const email = 'ada@example.com';
const password = 'correct horse';
const next = 'staple battery';

async function start(env: Readonly<Record<string, string>>) {
  const server = await startContractServer();
  const home = mkdtempSync(join(tmpdir(), 'authsvc-ahead-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const open = (...args: string[]) =>
    openTerminal(args, { HOME: home, AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file', ...env });
  return { server, open };
}

describe.each([
  { kind: 'rich', env: {} },
  { kind: 'plain by NO_COLOR', env: { NO_COLOR: '1' } },
  { kind: 'plain by TERM=dumb', env: { TERM: 'dumb' } },
])('what comes ahead of its question, $kind', ({ env }) => {
  it.each([
    ['LF', `${email}\n${password}\n`],
    ['CR', `${email}\r${password}\r`],
    ['CRLF', `${email}\r\n${password}\r\n`],
    ['the marks of a bracketed paste', `\u001b[200~${email}\r${password}\u001b[201~\r`],
    ['a slip of the finger', `ads${BACKSPACE}a@example.com\r${password}x${BACKSPACE}\r`],
  ])('logs in, pasted in one piece, with %s', async (_name, pasted) => {
    const { server, open } = await start(env);
    server.users.set(email, password);
    const terminal = open('login');
    await terminal.shows('Email:');
    terminal.type(pasted);
    await terminal.shows(`as ${email}`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes()).not.toContain(password);
  });

  it('registers, with the password twice', async () => {
    const { server, open } = await start(env);
    const terminal = open('register');
    await terminal.shows('Email:');
    terminal.type(`${email}\n${password}\n${password}\n`);
    await terminal.shows(`✓ Registered ${email}`);
    expect(await terminal.ended).toBe(0);
    expect(server.users.get(email)).toBe(password);
    expect(terminal.bytes()).not.toContain(password);
  });

  it('waits, hidden, while the service works', async () => {
    const { server, open } = await start(env);
    server.users.set(email, password);
    const asked = server.hold('POST /reset_password');
    const terminal = open('reset');
    await terminal.shows('Email:');
    terminal.type(`${email}\r`);
    const release = await asked;
    terminal.type(`${next}\r`);
    release();
    await terminal.shows('✓ Password updated');
    expect(await terminal.ended).toBe(0);
    expect(server.users.get(email)).toBe(next);
    expect(terminal.bytes()).not.toContain(next);
  });

  it('is not taken for another answer after one was refused', async () => {
    const { server, open } = await start(env);
    server.users.set(email, password);
    const terminal = open('login');
    await terminal.shows('Email:');
    terminal.type(`ada\n${password}\n`);
    await terminal.shows('✗ ada is not an email address');
    terminal.type(`\u0015${email}\r`);
    await terminal.shows('Password:');
    terminal.type(`${password}\r`);
    await terminal.shows(`as ${email}`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes()).not.toContain(password);
  });

  it('is dropped by Ctrl-C, which ends with 130 between two questions too', async () => {
    const { server, open } = await start(env);
    server.users.set(email, password);
    const asked = server.hold('POST /reset_password');
    const terminal = open('reset');
    await terminal.shows('Email:');
    terminal.type(`${email}\r`);
    await asked;
    terminal.type(`${next}\r${CTRL_C}`);
    expect(await terminal.ended).toBe(130);
    expect(terminal.bytes()).toContain('Cancelled');
    expect(terminal.bytes()).not.toContain(next);
    expect(server.users.get(email)).toBe(password);
  });

  it('may be Ctrl-D, which ends with 130 at its question', async () => {
    const { open } = await start(env);
    const terminal = open('login');
    await terminal.shows('Email:');
    terminal.type(`${email}\r${CTRL_D}`);
    expect(await terminal.ended).toBe(130);
    expect(terminal.bytes()).toContain('Password:');
  });
});
