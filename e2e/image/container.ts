import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import type { Environment } from '../support/program.ts';
import type { Image } from './builder.ts';

export interface ContainerOptions {
  readonly image: Image;
  /** The folder that is mounted at the image's volume, the one place that can be written to. */
  readonly volume?: string;
  readonly env?: Environment;
  /** Arguments of the program, instead of the image's own. */
  readonly args?: readonly string[];
}

/**
 * Runs an image as an engine does with a read-only root: the program is process 1 of its own, has
 * the image's user and environment, and writes to the volume alone.
 */
export async function startContainer({ image, volume, env = {}, args = image.config.Cmd }: ContainerOptions) {
  const { config, folder } = image;
  const [mountPoint] = Object.keys(config.Volumes ?? {});
  const inside = { ...Object.fromEntries(config.Env.map(splitPair)), ...env };
  const mounts = `
    set -e
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    if [ -n "$2" ]; then mount --bind "$2" "$1$3"; fi
    mount -o remount,bind,ro "$1"
    root=$1; shift 3
    exec ${enter} "$root" "$@"`;
  const parts = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', '/bin/sh', '-c', mounts, 'sh'];
  const places = [folder, volume ?? '', mountPoint ?? ''];
  const program = [...(config.Entrypoint ?? []), ...args];
  const child = execa('unshare', [...parts, ...places, ...inEnvironment(inside, config.WorkingDir), ...program], {
    stdin: 'ignore',
    reject: false,
    all: true,
  });
  let output = '';
  child.all.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  let status: number | undefined;
  const ended = child.then(({ exitCode }) => {
    status = exitCode ?? -1;
    return status;
  });
  const pid = await findProcess(child.pid ?? 0, () => status !== undefined);

  return {
    pid,
    ended,
    /** Everything that it has written to its outputs so far. */
    output: () => output,
    /** Runs a command beside it, as `docker exec` does. */
    exec: async (command: readonly string[]) => {
      const namespaces = ['--target', String(pid), '--mount', '--pid'];
      const run = [...inEnvironment(inside, config.WorkingDir), ...command];
      const parts = ['/bin/sh', '-c', `exec ${enter} "$@"`, 'sh', folder, ...run];
      return await execa('nsenter', [...namespaces, ...parts], { stdin: 'ignore', reject: false });
    },
    /** Waits until it prints something. */
    waitFor: async (pattern: RegExp) => {
      while (!pattern.test(output)) {
        if (status !== undefined) throw new Error(`the container ended with ${status}:\n${output}`);
        await setTimeout(20);
      }
    },
    /** Asks its process 1 to end, and returns the exit status. */
    stop: async (signal: NodeJS.Signals = 'SIGTERM') => {
      if (status === undefined) process.kill(pid, signal);
      return await ended;
    },
  };
}

/** As the user of the image, without a right. */
const enter = 'chroot --userspec=65534:65534 --groups=';

function inEnvironment(env: Environment, folder = '/'): string[] {
  return ['/usr/bin/env', '-i', `--chdir=${folder}`, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
}

function splitPair(pair: string): [string, string] {
  const [name = '', ...rest] = pair.split('=');
  return [name, rest.join('=')];
}

/** The process that `unshare` forked, which is number 1 in its own namespace. */
async function findProcess(parent: number, hasEnded: () => boolean): Promise<number> {
  for (;;) {
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
    const pid = Number.parseInt(children, 10);
    if (pid > 0 || hasEnded()) return pid;
    await setTimeout(10);
  }
}
