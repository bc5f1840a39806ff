import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ContractServer, startContractServer } from '../testing/contract-server.ts';
import { createTestMachine, type TestMachine } from '../testing/test-machine.ts';

let server: ContractServer;
let machine: TestMachine;
let page: string;

beforeEach(async () => {
  server = await startContractServer();
  machine = createTestMachine({ AUTHSVC_URL: server.url, DISPLAY: ':0', PATH: '' });
  page = `${server.url}/account`;
  answerPages(server.url);
});

const answerPages = (pages: unknown) => server.script('GET /', { status: 200, body: { name: 'authsvc', pages } });
const fileOf = (name: string) => join(machine.home, name);
const recorded = (name: string) => readFileSync(fileOf(name), 'utf8');
const open = (options = {}, args: readonly string[] = []) => machine.authsvc(['open', ...args], options);

/** A program that takes the place of the real one: it keeps its arguments and its environment. */
function install(name: string, script = 'exit 0', mode = 0o755): Record<string, string> {
  const bin = fileOf('bin');
  mkdirSync(bin, { recursive: true });
  const keep = `printf '%s\\n' "$@" >'${fileOf('argv')}'; /usr/bin/env >'${fileOf('environment')}'`;
  writeFileSync(join(bin, name), `#!/bin/sh\n${keep}\n${script}\n`);
  chmodSync(join(bin, name), mode);
  return { PATH: bin };
}

describe('authsvc open', () => {
  it('opens the account page, and hands the browser no session', async () => {
    const env = { ...install('xdg-open'), AUTHSVC_SESSION: 'a-session-token' };
    expect(await open({ onScreen: true, env })).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(/✓.* Opened .*\/account.* in the browser\n$/),
    });
    expect(recorded('argv')).toBe(`${page}\n`);
    expect(recorded('environment')).toContain('DISPLAY=:0\n');
    expect(recorded('environment')).not.toContain('a-session-token');
    expect(server.received.map(({ target, headers }) => [target, headers.cookie])).toEqual([['GET /', undefined]]);
  });

  it.each([
    ['darwin', 'open', []],
    ['win32', 'rundll32', ['url.dll,FileProtocolHandler']],
  ] as const)('on %s runs %s', async (platform, program, before) => {
    Object.assign(machine.context, { platform });
    const env = { ...install(program), DISPLAY: '' };
    expect(await open({ onScreen: true, env })).toMatchObject({ status: 0, stdout: '' });
    expect(recorded('argv')).toBe([...before, page, ''].join('\n'));
  });

  it('opens the page where the service says that it is', async () => {
    const env = install('xdg-open');
    answerPages('https://app.example.com/auth/');
    await open({ onScreen: true, env });
    expect(recorded('argv')).toBe('https://app.example.com/auth/account\n');
  });

  it.each([
    ['there is no display', { DISPLAY: '' }, { onScreen: true }, []],
    ['output is no terminal', {}, {}, []],
    ['--json asks for it', {}, { onScreen: true }, ['--json']],
  ])('prints the address where %s, and opens nothing', async (_when, without, options, args) => {
    const env = { ...install('xdg-open'), ...without };
    const { status, stdout, stderr } = await open({ ...options, env }, args);
    const url = args.length > 0 ? JSON.stringify({ url: page }) : page;
    expect([status, stdout, stderr]).toEqual([0, `${url}\n`, '']);
    expect(existsSync(fileOf('argv'))).toBe(false);
  });

  it('opens on Wayland', async () => {
    const env = { ...install('xdg-open'), DISPLAY: '', WAYLAND_DISPLAY: 'wayland-0' };
    expect(await open({ onScreen: true, env })).toMatchObject({ status: 0, stdout: '' });
  });

  it('prints the address where there is no xdg-open', async () => {
    expect(await open({ onScreen: true })).toEqual({ status: 0, stdout: `${page}\n`, stderr: '' });
  });

  it.each([
    ['ends with a failure', 'exit 4', 0o755, 'it ended with status 4'],
    ['is killed', 'kill -KILL $$', 0o755, 'it ended with SIGKILL'],
    ['cannot be run', '', 0o644, 'it cannot be run (EACCES)'],
  ])('prints the address and the reason where xdg-open %s', async (_what, script, mode, reason) => {
    const { status, stdout, stderr } = await open({ onScreen: true, env: install('xdg-open', script, mode) });
    expect([status, stdout]).toEqual([0, `${page}\n`]);
    expect(stderr).toContain(`xdg-open could not open the browser: ${reason}\n`);
  });

  it('ends while a browser stays in the foreground', async () => {
    const env = install('xdg-open', `echo $$ >'${fileOf('pid')}'; exec /bin/sleep 600`);
    const { status, stderr } = await open({ onScreen: true, env });
    await expect.poll(() => existsSync(fileOf('pid')) && recorded('pid')).toMatch(/^\d+\n$/);
    const pid = Number(recorded('pid'));
    onTestFinished(() => {
      process.kill(pid, 'SIGKILL');
    });
    expect(status).toBe(0);
    expect(stderr).toContain('Opened');
    expect(process.kill(pid, 0)).toBe(true);
  });

  it.each([null, undefined])('says that a service has no pages which answers %s', async (pages) => {
    answerPages(pages);
    expect(await open({ onScreen: true, env: install('xdg-open') })).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('This service has no pages for people\n'),
    });
    expect(existsSync(fileOf('argv'))).toBe(false);
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', '--help', 'app.example.com', 7, {}])(
    'opens nothing for a service that answers %j',
    async (pages) => {
      answerPages(pages);
      const { status, stdout } = await open({ onScreen: true, env: install('xdg-open') }, ['--json']);
      expect([status, JSON.parse(stdout).error.code]).toEqual([1, 'unexpected_response']);
      expect(existsSync(fileOf('argv'))).toBe(false);
    },
  );

  it('refuses a page to which passwords would travel unencrypted', async () => {
    answerPages('http://auth.example.com');
    const env = install('xdg-open');
    const refused = await open({ onScreen: true, env }, ['--json']);
    expect([refused.status, JSON.parse(refused.stdout).error.code]).toEqual([2, 'insecure_url']);
    expect((await open({}, ['--insecure-http'])).stdout).toBe('http://auth.example.com/account\n');
  });
});
