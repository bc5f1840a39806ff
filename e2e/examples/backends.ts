import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../test/free-port.mjs';
import { startListening } from '../support/listening-program.ts';
import { cleanEnvironment, type Environment, root } from '../support/program.ts';

/** Where Debian puts them; another Python may come first in the path. */
const python = '/usr/bin/python3';
const go = '/usr/bin/go';
const flask = '/usr/lib/python3/dist-packages/flask';

/** Why the example backends cannot be run on this machine; undefined if they can. */
export const backendsObstacle = [python, go, flask].every((file) => existsSync(file))
  ? undefined
  : 'Flask or Go is not installed';

export const backendNames = ['express', 'fastify', 'flask', 'go'] as const;
export type BackendName = (typeof backendNames)[number];

/** The folder with each example's copy, in which it can be started. */
export type Backends = Readonly<Record<BackendName, string>>;

/** How long a hook that does so may take: npm installs three of them. */
export const prepareMilliseconds = 300_000;

/** Copies the example backends as a reader would, and installs what they need. */
export async function prepareBackends(home: string): Promise<Backends> {
  const client = await packClient(home);
  const prepare = async (name: BackendName) => [name, await prepareExample(name, home, client)] as const;
  return Object.fromEntries(await Promise.all(backendNames.map(prepare))) as Backends;
}

/** @returns the folder with the copy of an example, in which it can be started */
export async function prepareExample(name: string, home: string, client: string): Promise<string> {
  const folder = join(home, 'examples', name);
  await copyExample(name, folder);
  const { install } = await readCommand(name);
  if (install) await installPackages(folder, install.replace(/\S+\.tgz/, client));
  return folder;
}

/** Packs the client alone, as `npm run pack` does with it. */
export async function packClient(folder: string): Promise<string> {
  const args = ['pack', '--pack-destination', folder, '--json'];
  const { stdout } = await execa('npm', args, { cwd: join(root, 'packages', 'client') });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

/**
 * Reads how the README of an example says to start it: `install && start    # then open http://…`.
 *
 * @throws when it does not say so.
 */
export async function readCommand(name: string) {
  const readme = await readFile(join(root, 'examples', name, 'README.md'), 'utf8');
  const line = /^(?:(?<install>.+) && )?(?<start>.+?) +# then open http:\/\/localhost:(?<port>\d+)$/m.exec(readme);
  const { install, start, port } = line?.groups ?? {};
  if (!start || !port) throw new Error(`examples/${name}/README.md does not say how to start it`);
  return { install, start, port };
}

export type Backend = Awaited<ReturnType<typeof startBackend>>;

/** Starts one example by the command of its README, on another port. */
export async function startBackend(name: string, folder: string, home: string, settings: Environment = {}) {
  const { start, port: usual } = await readCommand(name);
  const port = await freePort();
  const program = await startListening({
    command: ['/bin/sh', '-c', start.replace('python3', python).replace(usual, String(port))],
    folder,
    env: cleanEnvironment(home, { GOCACHE: join(home, 'go-cache'), ...settings, PORT: String(port) }),
    port,
    isGroup: true,
  });
  return { port, url: `http://127.0.0.1:${port}`, ...program };
}

/** Starts the one that needs no install, for tests of what stands before it. */
export async function startFlask(home: string, settings: Environment) {
  const folder = join(home, 'flask');
  await copyExample('flask', folder);
  return await startBackend('flask', folder, home, settings);
}

/** Copies a folder of `examples/` without what was installed there. */
export async function copyExample(name: string, to: string): Promise<void> {
  const ignored = join(root, 'examples', name, 'node_modules');
  await mkdir(to, { recursive: true });
  await cp(join(root, 'examples', name), to, { recursive: true, filter: (path) => path !== ignored });
}

/** Runs an install command of npm's, quickly. */
export async function installPackages(folder: string, command: string): Promise<void> {
  const env = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_ignore_scripts: 'true' };
  await execa('/bin/sh', ['-c', command], { cwd: folder, env });
}

/** Starts every backend; `settings` say where the service is. */
export async function startBackends(backends: Backends, home: string, settings: Environment) {
  const running: Backend[] = [];
  const urls = {} as Record<BackendName, string>;
  const stop = async () => {
    for (const backend of running) await backend.stop();
  };
  const start = async (name: BackendName) => {
    const backend = await startBackend(name, backends[name], home, settings);
    running.push(backend);
    urls[name] = backend.url;
  };
  const failed = (await Promise.allSettled(backendNames.map(start))).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    await stop();
    throw failed.reason;
  }
  return { urls, stop };
}

export type RunningBackends = Awaited<ReturnType<typeof startBackends>>;
