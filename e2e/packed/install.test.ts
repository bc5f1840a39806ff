import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { cleanEnvironment, type Environment, root } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';

/**
 * What the network and its certificates need: nothing of this clone, and nothing of npm's settings.
 */
const network = Object.fromEntries(
  ['NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

async function makeFolder(): Promise<string> {
  const folder = await makeTemporaryFolder();
  onTestFinished(folder.remove);
  return folder.path;
}

async function run(cwd: string, env: Environment, file: string, args: readonly string[], input?: string) {
  const options = { cwd, env, extendEnv: false, reject: false } as const;
  const { exitCode, stdout, stderr } = await execa(file, [...args], {
    ...options,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`);
  return { stdout, stderr };
}

/**
 * Puts in the binary that this clone has compiled from the very same package, which would take a
 * minute to compile again.
 *
 * @throws when the two are of different versions.
 */
async function lendBinary(modules: string, name: string, owner: string): Promise<void> {
  const installed = join(modules, name);
  const compiled = dirname(
    createRequire(join(root, 'packages', owner, 'package.json')).resolve(`${name}/package.json`),
  );
  const versionIn = async (place: string) => JSON.parse(await readFile(join(place, 'package.json'), 'utf8')).version;
  expect([name, await versionIn(installed)]).toEqual([name, await versionIn(compiled)]);
  await mkdir(join(installed, 'build'), { recursive: true });
  await cp(join(compiled, 'build', 'Release'), join(installed, 'build', 'Release'), { recursive: true });
}

const tarballs = ['authsvc-1.1.0.tgz', 'authsvc-client-1.1.0.tgz'];
let packed: TemporaryFolder;

beforeAll(async () => {
  packed = await makeTemporaryFolder();
  await execa('npm', ['run', 'pack', '--', packed.path], { cwd: root });
});
afterAll(() => packed.remove());

const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];

/** Installs the command as an operator does, with an empty prefix and an empty home. */
async function installCommand() {
  const [prefix, home] = [await makeFolder(), await makeFolder()];
  // npm would look for the machine's settings below the prefix.
  const { stdout: settings } = await execa('npm', ['config', 'get', 'globalconfig']);
  const options = ['--global', '--prefix', prefix, '--globalconfig', settings, ...quietly];
  const tarball = join(packed.path, 'authsvc-1.1.0.tgz');
  await run(home, cleanEnvironment(home, network), 'npm', ['install', ...options, tarball]);
  const modules = join(prefix, 'lib', 'node_modules');
  await lendBinary(join(modules, 'authsvc', 'node_modules'), 'sqlite3', 'core');
  return { modules, home, PATH: `${join(prefix, 'bin')}${delimiter}${process.env.PATH}` };
}

/** Installs the client in an application's folder, with an empty home. */
async function installClient() {
  const [folder, home] = [await makeFolder(), await makeFolder()];
  // Makes it a project of its own.
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const tarball = join(packed.path, 'authsvc-client-1.1.0.tgz');
  await run(folder, cleanEnvironment(home), 'npm', ['install', ...quietly, '--offline', tarball]);
  return { folder, home };
}

describe('the packed packages', () => {
  it('are the command and the client, one tarball each', async () => {
    expect((await readdir(packed.path)).sort()).toEqual(tarballs);
  });

  it('put the command on the PATH by one file, and take a person from register to profile in any folder', async () => {
    const { modules, home, PATH } = await installCommand();
    expect(await readdir(modules)).toEqual(['authsvc']);

    const anywhere = await makeFolder();
    const settings = { PATH, AUTHSVC_LISTEN_PORT: '0', AUTHSVC_STORAGE: 'file' };
    const authsvc = (args: readonly string[], url = '', input?: string) =>
      run(anywhere, cleanEnvironment(home, { ...settings, ...(url && { AUTHSVC_URL: url }) }), 'authsvc', args, input);

    expect((await authsvc(['--version'])).stdout).toBe('1.1.0');
    const { url } = JSON.parse((await authsvc(['daemon', 'start', '--json'])).stdout);
    onTestFinished(async () => {
      await authsvc(['daemon', 'stop']);
    });
    const credentials = ['--email', email, '--password-stdin'];
    await authsvc(['register', ...credentials], url, password);
    await authsvc(['login', ...credentials], url, password);
    const profile = JSON.parse((await authsvc(['profile', '--json'], url)).stdout);
    expect(profile).toEqual({ email, server: url, storage: 'file', expires_at: expect.any(String) });
    const { ok } = JSON.parse((await authsvc(['doctor', '--json'], url)).stdout);
    expect(ok).toBe(true);
    expect(await readdir(anywhere)).toEqual([]);
  });

  it('are for an application the client alone, without a network and without another package', async () => {
    const { folder, home } = await installClient();
    expect(await readdir(join(folder, 'node_modules'))).toEqual(['.package-lock.json', '@authsvc']);
    expect(await readdir(join(folder, 'node_modules', '@authsvc'))).toEqual(['client']);
    const program = `
      import { createAuthsvc, UnreachableError } from '@authsvc/client';
      import { createTestUser } from '@authsvc/client/testing';
      const url = 'http://127.0.0.1:${await freePort()}';
      const authsvc = createAuthsvc({ url });
      const request = new Request('http://127.0.0.1/');
      console.log(await authsvc.whoami(request), authsvc.loginUrl('/note', request));
      await createTestUser({ url }).catch((error) => console.log(error instanceof UnreachableError));
    `;
    await writeFile(join(folder, 'application.mjs'), program);
    const { stdout } = await run(folder, cleanEnvironment(home), process.execPath, ['application.mjs']);
    expect(stdout).toMatch(/^null http:\/\/127\.0\.0\.1:\d+\/login\?return_to=\S+\ntrue$/);
  });
});

describe('a clone', () => {
  it('has the command on the PATH by one symbolic link', async () => {
    const [bin, home] = [await makeFolder(), await makeFolder()];
    await symlink(join(root, 'packages/cli/bin/authsvc.js'), join(bin, 'authsvc'));
    const env = cleanEnvironment(home, { PATH: `${bin}${delimiter}${process.env.PATH}` });
    expect((await run(home, env, 'authsvc', ['--version'])).stdout).toBe('1.1.0');
  });
});
