import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ env: Record<string, string>, end: () => Promise<void> }} PrivateKeyring */

/**
 * Starts a D-Bus session and an open GNOME keyring of its own, with everything it keeps in one folder.
 *
 * @param {string} home a temporary folder
 * @returns {Promise<PrivateKeyring | undefined>} nothing where the programs are missing (Debian: dbus, gnome-keyring)
 */
export async function startPrivateKeyring(home) {
  const programs = [
    ['dbus-daemon', '--version'],
    ['gnome-keyring-daemon', '--version'],
    ['gdbus', 'help'],
  ];
  if (programs.some(([name = '', argument = '']) => spawnSync(name, [argument], { stdio: 'ignore' }).error)) {
    return undefined;
  }
  const configuration = join(home, 'session.conf');
  writeFileSync(configuration, busConfiguration(home));
  const base = { HOME: home, XDG_RUNTIME_DIR: home, PATH: process.env.PATH ?? '' };
  const bus = spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${configuration}`], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = await once(bus.stdout, 'data');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(address).trim() };
  // In the foreground, so that it ends with this program: as a daemon it would outlive it.
  const keyring = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', '--unlock'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keyring.stdin.end('a password of its own');
  await once(spawn('gdbus', ['wait', '--session', 'org.freedesktop.secrets'], { env, stdio: 'ignore' }), 'exit');
  return {
    env,
    end: async () => {
      for (const child of [keyring, bus]) {
        const gone = once(child, 'exit');
        child.kill();
        await gone;
      }
    },
  };
}

/** @param {string} folder */
function busConfiguration(folder) {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}
