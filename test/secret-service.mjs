import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {Readonly<Record<string, string>>} Environment what a program needs to find this bus and
 * no other
 */

/**
 * @typedef {object} Keyring
 * @property {() => Promise<void>} lock as a screen lock or a logout does
 * @property {() => Promise<void>} stop
 */

/**
 * @typedef {object} Bus
 * @property {Environment} env
 * @property {(state: 'unlocked' | 'locked') => Promise<Keyring>} startKeyring starts GNOME's
 * keyring daemon, and waits for it
 * @property {() => Promise<void>} stop
 */

/** @typedef {Keyring & { env: Environment }} SecretService */

export const SECRET_SERVICE = 'org.freedesktop.secrets';
const LOGIN_KEYRING = '/org/freedesktop/secrets/collection/login';

/** Says why no Secret Service can be had on this machine; undefined if it can. */
export function findSecretServiceObstacle() {
  if (process.platform !== 'linux') return 'the Secret Service is a thing of Linux';
  const programs = /** @type {const} */ ([
    ['dbus-daemon', '--version'],
    ['gdbus', 'help'],
    ['gnome-keyring-daemon', '--version'],
  ]);
  const missing = programs.find(([program, argument]) => spawnSync(program, [argument], { stdio: 'ignore' }).error);
  if (missing) return `${missing[0]} is not installed (Debian: dbus, libglib2.0-bin, gnome-keyring)`;
  const cwd = fileURLToPath(new URL('../packages/cli', import.meta.url));
  const { status } = spawnSync(process.execPath, ['-e', "require('keytar')"], { cwd, stdio: 'ignore' });
  return status === 0 ? undefined : 'keytar has no binary here';
}

/**
 * Starts a D-Bus session of its own, without any service but those in `services/` of its folder.
 *
 * @param {string} home of who uses it
 * @param {string} folder for all that the bus keeps
 * @returns {Promise<Bus>}
 */
export async function startBus(home, folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const configuration = join(folder, 'session.conf');
  writeFileSync(configuration, busConfiguration(folder));
  const base = { HOME: home, XDG_RUNTIME_DIR: folder, PATH: process.env.PATH ?? '' };
  const bus = spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${configuration}`], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(bus.stdout, 'data');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(line).trim() };
  return { env, startKeyring: (state) => startKeyring(env, state), stop: () => end(bus) };
}

/**
 * Starts a bus with an unlocked keyring.
 *
 * @param {string} home
 * @param {string} folder
 * @returns {Promise<SecretService>}
 */
export async function startSecretService(home, folder) {
  const bus = await startBus(home, folder);
  const keyring = await bus.startKeyring('unlocked');
  return {
    env: bus.env,
    lock: keyring.lock,
    stop: async () => {
      await keyring.stop();
      await bus.stop();
    },
  };
}

/**
 * @param {Record<string, string>} env
 * @param {'unlocked' | 'locked'} state
 * @returns {Promise<Keyring>}
 */
async function startKeyring(env, state) {
  // In the foreground, so that it can be ended by its id: as a daemon it outlives the session.
  const args = ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])];
  const keyring = spawn('gnome-keyring-daemon', args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
  keyring.stdin.end('the password of the keyring');
  const callBus = async (/** @type {string[]} */ ...words) => {
    await once(spawn('gdbus', words, { env, stdio: 'ignore' }), 'exit');
  };
  await callBus('wait', '--session', SECRET_SERVICE);
  const locking = ['--object-path', '/org/freedesktop/secrets', '--method', 'org.freedesktop.Secret.Service.Lock'];
  return {
    lock: () => callBus('call', '--session', '--dest', SECRET_SERVICE, ...locking, `['${LOGIN_KEYRING}']`),
    stop: () => end(keyring),
  };
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** @param {string} folder */
function busConfiguration(folder) {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${join(folder, 'services')}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}
