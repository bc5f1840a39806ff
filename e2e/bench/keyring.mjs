import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Ends with its standard input: the keyring does, then the shell, and with it the bus. */
const session = `
printf password | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
gdbus wait --session org.freedesktop.secrets && echo "$DBUS_SESSION_BUS_ADDRESS" && cat
kill $!`;

/**
 * Starts a D-Bus session and an open GNOME keyring of its own.
 *
 * @param {string} home an empty folder that keeps what is in the keyring
 * @returns {Promise<{ env: Record<string, string>, end: () => Promise<void> } | undefined>} nothing where the programs
 * are missing (Debian: dbus, gnome-keyring)
 */
export async function startKeyring(home) {
  const env = { HOME: home, XDG_RUNTIME_DIR: home, PATH: process.env.PATH ?? '' };
  const shell = spawn('dbus-run-session', ['--', 'sh', '-c', session], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(shell, 'close').catch(() => undefined);
  const address = await Promise.race([once(shell.stdout, 'data'), gone]);
  if (!Buffer.isBuffer(address?.[0])) return undefined;
  return {
    env: { ...env, DBUS_SESSION_BUS_ADDRESS: `${address[0]}`.trim() },
    end: async () => {
      shell.stdin.end();
      await gone;
    },
  };
}
