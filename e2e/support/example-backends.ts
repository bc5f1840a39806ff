import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../test/free-port.mjs';
import { type ListeningProgram, startListening } from './listening-program.ts';
import { cleanEnvironment, type Environment, root } from './program.ts';

/** Where Debian puts them; another Python may come first in the path. */
const python = '/usr/bin/python3';
const go = '/usr/bin/go';
const flask = '/usr/lib/python3/dist-packages/flask';

/** Why the example backends cannot be run on this machine; undefined if they can. */
export const backendsObstacle = [python, go, flask].every((file) => existsSync(file))
  ? undefined
  : 'Flask or Go is not installed';

export const backendNames = ['express', 'flask', 'go'] as const;
export type BackendName = (typeof backendNames)[number];

/** How each backend is started, in its own copy of its folder. */
export type Backends = Readonly<Record<BackendName, { readonly folder: string; startCommand(port: number): string[] }>>;

const flaskCommand = (port: number) => [python, '-m', 'flask', 'run', '--port', String(port)];

/** Copies the example backends as a reader would, and installs or compiles what they need. */
export async function prepareBackends(home: string): Promise<Backends> {
  const folderOf = (name: BackendName) => join(home, 'examples', name);
  await mkdir(join(home, 'examples'), { recursive: true });
  for (const name of backendNames) await copyExample(name, folderOf(name));
  const env = { ...cleanEnvironment(home), GOCACHE: join(home, 'go-cache'), GOPATH: join(home, 'go') };
  await Promise.all([
    installPackages(folderOf('express')),
    execa(go, ['build', '-o', 'app', '.'], { cwd: folderOf('go'), env, extendEnv: false }),
  ]);
  return {
    express: { folder: folderOf('express'), startCommand: () => [process.execPath, 'app.js'] },
    flask: { folder: folderOf('flask'), startCommand: flaskCommand },
    go: { folder: folderOf('go'), startCommand: () => ['./app'] },
  };
}

/**
 * Starts the one backend that needs neither an install nor a compiler, for tests of what stands
 * before it.
 */
export async function startFlask(home: string, settings: Environment) {
  const folder = join(home, 'flask');
  await copyExample('flask', folder);
  const port = await freePort();
  const program = await startListening({
    command: flaskCommand(port),
    folder,
    env: cleanEnvironment(home, settings),
    port,
  });
  return { port, ...program };
}

/** Copies a folder of `examples/` without what was installed there. */
export async function copyExample(name: string, to: string): Promise<void> {
  const ignored = join(root, 'examples', name, 'node_modules');
  await cp(join(root, 'examples', name), to, { recursive: true, filter: (path) => path !== ignored });
}

export async function installPackages(folder: string): Promise<void> {
  await execa('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

/** Starts every backend; `settings` say where the service is. */
export async function startBackends(backends: Backends, home: string, settings: Environment) {
  const ports = { express: await freePort(), flask: await freePort(), go: await freePort() };
  const running: ListeningProgram[] = await Promise.all(
    backendNames.map((name) => {
      const { folder, startCommand } = backends[name];
      const port = ports[name];
      const env = cleanEnvironment(home, { ...settings, PORT: String(port) });
      return startListening({ command: startCommand(port), folder, env, port });
    }),
  );
  return {
    ports,
    stop: async () => {
      for (const backend of running) await backend.stop();
    },
  };
}

export type RunningBackends = Awaited<ReturnType<typeof startBackends>>;
