import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { cleanEnvironment, type Environment, root } from './program.ts';

export interface SecretService {
  /** What a program needs in its environment to find this Secret Service and no other. */
  readonly env: Environment;
  /** Locks the keyring, as a screen lock or a logout does. */
  lock(): Promise<void>;
  stop(): Promise<void>;
}

/** Why no Secret Service can be had on this machine; nothing when it can. */
export const secretServiceObstacle = findObstacle();

/** Starts a D-Bus session and an unlocked GNOME keyring that belong to `home` alone. */
export async function startSecretService(home: string): Promise<SecretService> {
  const runtimeFolder = join(home, '.run');
  await mkdir(runtimeFolder, { mode: 0o700, recursive: true });
  const base = cleanEnvironment(home, { XDG_RUNTIME_DIR: runtimeFolder });
  const options = { extendEnv: false, reject: false, stderr: 'ignore' } as const;

  const bus = execa('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
    ...options,
    env: base,
    buffer: false,
    stdin: 'ignore',
  });
  const address = await new Promise<string>((resolve) => {
    bus.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: address };

  // In the foreground, so that its process id is known: a keyring daemon outlives the session that it was started in.
  const keyring = execa('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    ...options,
    env,
    stdout: 'ignore',
    input: 'a keyring of its own',
  });
  const callBus = async (...args: string[]) => {
    const { stdout } = await execa('dbus-send', ['--session', '--print-reply', ...args], { env, extendEnv: false });
    return stdout;
  };
  // There is no event for this without a bus client: asked again until the name is there.
  while (!(await callBus(...whetherSecretsAreServed)).includes('boolean true')) await setTimeout(10);

  return {
    env: { XDG_RUNTIME_DIR: runtimeFolder, DBUS_SESSION_BUS_ADDRESS: address },
    lock: async () => {
      await callBus(...lockLoginKeyring);
    },
    stop: async () => {
      keyring.kill('SIGTERM');
      await keyring;
      bus.kill('SIGTERM');
      await bus;
    },
  };
}

const whetherSecretsAreServed = [
  '--dest=org.freedesktop.DBus',
  '/org/freedesktop/DBus',
  'org.freedesktop.DBus.NameHasOwner',
  'string:org.freedesktop.secrets',
];

const lockLoginKeyring = [
  '--dest=org.freedesktop.secrets',
  '/org/freedesktop/secrets',
  'org.freedesktop.Secret.Service.Lock',
  'array:objpath:/org/freedesktop/secrets/collection/login',
];

function findObstacle(): string | undefined {
  for (const program of ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error) return `${program} is not installed`;
  }
  const { status } = spawnSync(process.execPath, ['-e', "require('keytar')"], { cwd: join(root, 'packages', 'cli') });
  return status === 0 ? undefined : 'keytar has no binary here';
}
