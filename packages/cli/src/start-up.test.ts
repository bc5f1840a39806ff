import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startContractServer } from './testing/contract-server.ts';
import { authsvcFile } from './testing/pseudo-terminal.ts';

const packageFolder = join(authsvcFile, '..', '..');

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-start-up-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command, and reads from what V8 counted which modules it loaded: own ones by their path in `dist`, others by their package. */
async function modulesOf(args: readonly string[], env: Readonly<Record<string, string>>, input?: string) {
  const folder = makeFolder();
  const { exitCode, stderr } = await execa(process.execPath, [authsvcFile, ...args], {
    env: { ...env, NODE_V8_COVERAGE: folder },
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  expect([exitCode, stderr.includes('✗')]).toEqual([0, false]);
  const urls = readdirSync(folder).flatMap((name) => {
    const { result }: { result: { url: string }[] } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return result.map(({ url }) => url);
  });
  const names = urls
    .filter((url) => url.startsWith('file://'))
    .map((url) => {
      const path = decodeURIComponent(new URL(url).pathname);
      if (path.startsWith(`${packageFolder}/dist/`)) return path.slice(packageFolder.length + '/dist/'.length);
      const [, packageName] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
      const [, ownPackage] = /\/packages\/([^/]+)\/dist\//.exec(path) ?? [];
      return packageName ?? (ownPackage === undefined ? path : `@authsvc/${ownPackage}`);
    });
  return [...new Set(names)].filter((name) => name !== authsvcFile).sort();
}

describe('what is loaded', () => {
  it('is nothing but its own version for --version', async () => {
    expect(await modulesOf(['--version'], { HOME: makeFolder() })).toEqual(['main.js', 'version.js']);
  });

  it('is no command, and nothing that reads command lines, for --help', async () => {
    expect(await modulesOf(['--help'], { HOME: makeFolder() })).toEqual([
      'cli-error.js',
      'command-list.js',
      'commands/help-text.js',
      'exit-status.js',
      'global-options.js',
      'main.js',
      'program-help.js',
      'server-url.js',
      'version.js',
    ]);
  });

  it('is the command itself for profile: no colours, no prompts, no server, no other command', async () => {
    const server = await startContractServer();
    server.users.set('ada@example.com', 'correct horse');
    const env = { HOME: makeFolder(), AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' };
    const login = ['login', '--email', 'ada@example.com', '--password-stdin'];
    const forLogin = await modulesOf(login, env, 'correct horse');
    expect(forLogin.filter((name) => !name.endsWith('.js'))).toEqual(['commander']);
    const modules = await modulesOf(['profile'], env);
    expect(modules.filter((name) => !name.endsWith('.js'))).toEqual(['commander']);
    expect(modules.filter((name) => /^(commands|prompts|daemon|doctor|completion|operator)\//.test(name))).toEqual([
      'commands/help-text.js',
      'commands/profile.js',
    ]);
  });

  it('is no server for asking whether a daemon runs', async () => {
    const modules = await modulesOf([], { HOME: makeFolder() });
    expect(modules).toContain('daemon/local-daemon.js');
    expect(modules.filter((name) => !name.endsWith('.js'))).toEqual(['@authsvc/server', 'commander']);
    expect(modules).not.toContain('fastify');
  });
});
