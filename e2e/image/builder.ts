import { existsSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { root } from '../support/program.ts';

/** Why no image can be built on this machine; undefined if one can. */
export const builderObstacle = findObstacle();

/** What an image says of how it is run. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly WorkingDir?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd: readonly string[];
  readonly Volumes?: Readonly<Record<string, unknown>>;
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** An image that was built, and its files as a folder. */
export interface Image {
  readonly config: ImageConfig;
  readonly folder: string;
  /** Of all its files. */
  readonly megabytes: number;
}

/** An image builder with images of its own, all of them below one folder. */
export async function openBuilder(folder: string) {
  const storage = ['--root', join(folder, 'images'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const buildah = async (...args: readonly string[]) => {
    const { stdout } = await execa('buildah', [...storage, ...args], { cwd: root, stdin: 'ignore' });
    return stdout.trim();
  };
  const base = 'localhost/authsvc-base';
  const files = await makeBase(folder);
  const container = await buildah('from', 'scratch');
  await buildah('copy', '--quiet', container, files, '/');
  const env = Object.entries(baseEnvironment()).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  await buildah('config', ...env, container);
  await buildah('commit', '--quiet', '--rm', container, base);

  return {
    /** Builds a stage of the Dockerfile; what stages have in common is built once. */
    build: async (target: string): Promise<Image> => {
      const name = `localhost/${target}`;
      const options = ['--isolation', 'chroot', '--format', 'docker', '--network', 'host', '--layers'];
      await buildah('bud', ...options, '--build-arg', `BASE=${base}`, '--target', target, '--tag', name, root);
      const mounted = await buildah('mount', await buildah('from', name));
      const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', name));
      const { stdout } = await execa('du', ['--summarize', '--apparent-size', '--block-size=1000000', mounted]);
      return { config: Docker.config, folder: mounted, megabytes: Number.parseInt(stdout, 10) };
    },
    remove: async () => {
      await buildah('rm', '--all');
      await buildah('rmi', '--all', '--force');
    },
  };
}

/**
 * Makes the files of a base as `node:22-bookworm-slim` has them: Debian, and Node with its headers
 * and npm in `/usr/local`.
 */
async function makeBase(folder: string): Promise<string> {
  const [base, packages] = [join(folder, 'base'), join(folder, 'packages')];
  await execa('debootstrap', ['--variant=minbase', 'bookworm', base]);
  const node = `node-linux-${arch()}`;
  await mkdir(packages);
  await writeFile(join(packages, 'package.json'), '{"private":true}');
  await execa('npm', ['install', '--ignore-scripts', '--no-audit', `${node}@22`, 'npm@10'], { cwd: packages });
  const [from, to] = [join(packages, 'node_modules'), join(base, 'usr/local')];
  await cp(join(from, node, 'bin'), join(to, 'bin'), { recursive: true });
  await cp(join(from, node, 'include'), join(to, 'include'), { recursive: true });
  await cp(join(from, 'npm'), join(to, 'lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(to, 'bin', name));
  const { NODE_EXTRA_CA_CERTS: authorities } = process.env;
  if (authorities) {
    await mkdir(join(base, 'etc/ssl/certs'), { recursive: true });
    await cp(authorities, join(base, authoritiesFile), { dereference: true });
  }
  return base;
}

const authoritiesFile = 'etc/ssl/certs/ca-certificates.crt';

/** The base's environment: what this machine's network needs is no part of the Dockerfile. */
function baseEnvironment(): Record<string, string> {
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const { NODE_EXTRA_CA_CERTS: authorities, npm_config_registry: registry } = process.env;
  return {
    PATH,
    ...(authorities && { NODE_EXTRA_CA_CERTS: `/${authoritiesFile}` }),
    ...(registry && { npm_config_registry: registry }),
  };
}

function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount what is built';
  const missing = ['/usr/bin/buildah', '/usr/sbin/debootstrap'].find((file) => !existsSync(file));
  return missing && `there is no ${missing}`;
}
