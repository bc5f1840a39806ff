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

/**
 * Run a command and list the files it loaded, from V8's coverage: those of the bundle by their path
 * in `dist`, others by their package.
 */
async function modulesOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input, status = 0 }: { readonly input?: string; readonly status?: number } = {},
) {
  const folder = makeFolder();
  const child = execa(process.execPath, [authsvcFile, ...args], {
    env: { ...env, NODE_V8_COVERAGE: folder },
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  if (args[0] === 'serve') child.stdout.once('data', () => child.kill('SIGTERM'));
  const { exitCode, stderr } = await child;
  expect(exitCode).toBe(status);
  if (status === 0) expect(stderr).not.toContain('✗');
  const urls = readdirSync(folder).flatMap((name) => {
    const { result }: { result: { url: string }[] } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return result.map(({ url }) => url);
  });
  const names = urls
    .filter((url) => url.startsWith('file://') || url.startsWith('authsvc/'))
    .map((url) => {
      if (url.startsWith('authsvc/dist/')) return url.slice('authsvc/dist/'.length);
      const path = decodeURIComponent(new URL(url).pathname);
      return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? path;
    });
  return [...new Set(names)].filter((name) => !name.startsWith(`${packageFolder}/bin/`)).sort();
}

/** Two that every command loads: the program, and what the bundler puts beside it. */
const always = ['bundle/main.cjs', 'bundle/rolldown-runtime.cjs'];

describe('what is loaded', () => {
  it('is nothing but its own version for --version', async () => {
    expect(await modulesOf(['--version'], { HOME: makeFolder() })).toEqual(always);
  });

  it('is no command, and nothing that reads command lines, for --help', async () => {
    expect(await modulesOf(['--help'], { HOME: makeFolder() })).toEqual(['bundle/help.cjs', ...always]);
  });

  it('is the same for profile and login: no colours, no prompts, no server, no other command', async () => {
    const server = await startContractServer();
    server.users.set('ada@example.com', 'correct horse');
    const env = { HOME: makeFolder(), AUTHSVC_URL: server.url, AUTHSVC_STORAGE: 'file' };
    const login = ['login', '--email', 'ada@example.com', '--password-stdin'];
    const shared = ['bundle/help.cjs', 'bundle/keychain.cjs', ...always, 'bundle/session.cjs'];
    expect(await modulesOf(login, env, { input: 'correct horse' })).toEqual([...shared, 'bundle/login.cjs'].sort());
    expect(await modulesOf(['profile'], env)).toEqual(shared);
  });

  it('is no server for asking whether a daemon runs', async () => {
    const modules = await modulesOf([], { HOME: makeFolder() });
    expect(modules).toContain('bundle/local-daemon.cjs');
    expect(modules).not.toContain('bundle/server.cjs');
    expect(modules).not.toContain('bundle/core.cjs');
  });

  it.each(['users list', 'daemon status'])('is neither server nor core for %s', async (line) => {
    const modules = await modulesOf(line.split(' '), { HOME: makeFolder() }, { status: 3 });
    expect(modules).toContain(`bundle/${line.split(' ')[0]}.cjs`);
    expect(modules).not.toContain('bundle/server.cjs');
    expect(modules).not.toContain('bundle/core.cjs');
  });

  it('is a bundle for the daemon, with no package but those that cannot be bundled', async () => {
    const modules = await modulesOf(['serve'], { HOME: makeFolder(), AUTHSVC_LISTEN_PORT: '0' });
    const packages = modules.filter((name) => !name.startsWith('bundle/'));
    expect(packages).toEqual(['bcrypt', 'bindings', 'file-uri-to-path', 'node-gyp-build', 'piscina', 'sqlite3']);
  });
});
