import { spawnSync } from 'node:child_process';
import { root } from './root.mjs';
import { mustRun, StepError, step } from './step.mjs';

/** The Debian packages that the tests use. */
export const systemPackages = [
  // To compile keytar, and a Secret Service to keep secrets in.
  'libsecret-1-dev',
  'dbus',
  'gnome-keyring',
  // Shells that complete commands.
  'zsh',
  'fish',
  // Proxies to stand behind, and certificates.
  'nginx-light',
  'caddy',
  'openssl',
  // What the service asks of the disk, and a clock of its own for a process.
  'strace',
  'faketime',
  // An authenticator app, and a camera for its QR codes.
  'oathtool',
  'zbar-tools',
  // A browser, and what the example applications are written with.
  'chromium',
  'python3-flask',
  'golang-go',
];

/** What `npm run test:image` uses: an image builder without a daemon, and a Debian to build on. */
export const imagePackages = ['buildah', 'debootstrap'];

/**
 * Install Debian packages that tests need, where that needs no password.
 *
 * @param {readonly string[]} names
 * @returns {Promise<string | undefined>} why that failed; undefined when all is there
 */
export async function installSystemPackages(names) {
  if (process.platform !== 'linux') return undefined;
  if (!succeeds('apt-get', ['--version'])) return undefined;
  const missing = names.filter((name) => !isSystemPackageInstalled(name));
  if (missing.length === 0) return undefined;

  const rootPrefix = rootCommand();
  if (!rootPrefix) return `install ${missing.join(' ')} as root (there is no passwordless sudo here)`;
  try {
    await step([`Installing ${missing.join(', ')}`, `Installed ${missing.join(', ')}`], () =>
      aptInstall(rootPrefix, missing),
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return `apt-get could not install ${missing.join(' ')}:\n${error.log.trimEnd()}`;
  }
}

/**
 * @param {readonly string[]} rootPrefix
 * @param {readonly string[]} names
 */
async function aptInstall(rootPrefix, names) {
  // At run level 1 no service is started, as nginx would be.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  /** @param {readonly string[]} args */
  const asRoot = (args) => {
    const [command = '', ...rest] = [...rootPrefix, ...args];
    return mustRun(command, rest, { cwd: root, env });
  };
  // The package lists of a container are often empty, and those of an old machine stale.
  await asRoot(['apt-get', 'update']);
  await asRoot(['apt-get', 'install', '--yes', '--no-install-recommends', ...names]);
}

/**
 * @returns {string[] | undefined} what goes before a command to run it as root, or nothing when
 * that cannot be done
 */
function rootCommand() {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

/** @param {string} name */
function isSystemPackageInstalled(name) {
  const { stdout } = spawnSync('dpkg', ['--status', name], { encoding: 'utf8' });
  return stdout.includes('Status: install ok installed');
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
