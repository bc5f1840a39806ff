import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { authsvcFile, cleanEnvironment, type Environment, root } from '../support/program.ts';
import type { CommandEnd } from '../support/run-authsvc.ts';

/** Where a private system has this clone, which may be in a folder that no service can reach. */
const CLONE = '/srv';
const program = authsvcFile.replace(root, CLONE);

/** Sees the folders of a private system as /etc and /var/lib, and this clone beside them. */
const ENTER = `mount --bind "$1/etc" /etc && mount --bind "$1/lib" /var/lib && mount --bind "$2" ${CLONE} &&
  shift 2 && exec "$@"`;

/** Says why this machine can have no private system; undefined if it can. */
export function findSystemObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount folders';
  try {
    execFileSync('unshare', ['--mount', 'mount', '--bind', '/etc', '/etc'], { stdio: 'ignore' });
  } catch {
    return 'this container may mount nothing';
  }
  return /^\/(home|root|tmp|run\/user)\//.test(process.execPath)
    ? 'Node.js is in a folder that services have no access to'
    : undefined;
}

interface RunAs {
  readonly env?: Environment;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * Sets up a system of which root sees copies of /etc and an empty /var/lib, so that a test can
 * install services and add users. Other processes see nothing of it.
 */
export function setUpPrivateSystem(home: string) {
  execFileSync('cp', ['-a', '/etc', join(home, 'etc')]);
  mkdirSync(join(home, 'lib'));
  const enter = ['unshare', '--mount', 'sh', '-c', ENTER, 'sh', home, root];
  /** A command line that runs another there, as a user without any capability. */
  const wrap = (command: readonly string[], { user }: RunAs = {}) => {
    const become =
      user === undefined
        ? []
        : [
            'setpriv',
            `--reuid=${user.uid}`,
            `--regid=${user.gid}`,
            '--clear-groups',
            '--no-new-privs',
            '--bounding-set=-all',
          ];
    return [...enter, ...become, ...command];
  };
  const run = async (command: readonly string[], as: RunAs = {}): Promise<CommandEnd> => {
    const [file = '', ...args] = wrap(command, as);
    const env = cleanEnvironment(as.user ? '/nonexistent' : home, as.env);
    const { exitCode, stdout, stderr } = await execa(file, args, {
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      cwd: '/',
    });
    return { exitCode, stdout, stderr };
  };
  return {
    etc: join(home, 'etc'),
    lib: join(home, 'lib'),
    wrap,
    run,
    authsvc: (args: readonly string[], as?: RunAs) => run([process.execPath, program, ...args], as),
  };
}
