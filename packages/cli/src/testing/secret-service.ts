import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A D-Bus session of its own, with the services named and no others. */
export interface Bus {
  readonly home: string;
  /** What a program needs in its environment to find this bus and no other. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts GNOME's keyring daemon, with an open keyring where it is `unlocked`, and waits until it answers on the bus. */
  startKeyring(state: 'unlocked' | 'locked'): Promise<Keyring>;
}

interface Keyring {
  stop(): Promise<void>;
}

interface BusOptions {
  readonly home?: string;
  /** Services that the bus starts when somebody wants them, and that never answer. */
  readonly silentServices?: readonly string[];
}

/** What asks a person for the password of a keyring. */
export const PROMPTER = 'org.gnome.keyring.SystemPrompter';
export const SECRET_SERVICE = 'org.freedesktop.secrets';

const obstacle = findObstacle();
if (obstacle !== undefined) {
  if (process.env.CI === 'true') throw new Error(`the keychain cannot be tested here: ${obstacle}`);
  process.stderr.write(`\n!!! The tests of the real keychain are SKIPPED: ${obstacle}\n\n`);
}

/** Whether the tests that need a real Secret Service must be left out; why has been said on standard error. */
export const isKeychainMissing = obstacle !== undefined;

export async function startBus({ home = makeHome(), silentServices = [] }: BusOptions = {}): Promise<Bus> {
  const folder = makeHome();
  const stayIn = silentServices.map((name) => writeSilentService(folder, name));
  const configuration = join(folder, 'session.conf');
  writeFileSync(configuration, busConfiguration(folder));
  const base = { HOME: home, XDG_RUNTIME_DIR: folder, PATH: process.env.PATH ?? '' };
  const bus = spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${configuration}`], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(async () => {
    await end(bus);
    for (const pidFile of stayIn) endSilentService(pidFile);
  });
  const [line] = await once(bus.stdout, 'data');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(line).trim() };

  return {
    home,
    env,
    async startKeyring(state) {
      // In the foreground, so that it can be ended by its id: as a daemon it outlives the session.
      const keyring = spawn(
        'gnome-keyring-daemon',
        ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])],
        { env, stdio: ['pipe', 'ignore', 'ignore'] },
      );
      onTestFinished(() => end(keyring));
      keyring.stdin.end('the password of the keyring');
      const waiting = spawn('gdbus', ['wait', '--session', SECRET_SERVICE], { env, stdio: 'ignore' });
      await once(waiting, 'exit');
      return { stop: () => end(keyring) };
    },
  };
}

/** Make a keyring with a password in a fresh home, and leaves it locked: the daemon that opened it has ended. */
export async function makeLockedHome(): Promise<string> {
  const bus = await startBus();
  const keyring = await bus.startKeyring('unlocked');
  await keyring.stop();
  return bus.home;
}

/** The helper as it is built: another Node process cannot start the source. */
export const builtHelper = fileURLToPath(new URL('../../dist/keychain/keychain-helper.cjs', import.meta.url));

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-keyring-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return home;
}

function writeSilentService(folder: string, name: string): string {
  const services = join(folder, 'services');
  mkdirSync(services, { recursive: true });
  const pidFile = join(folder, `${name}.pid`);
  const command = `/bin/sh -c "echo $$ > ${pidFile}; exec sleep 600"`;
  writeFileSync(join(services, `${name}.service`), `[D-BUS Service]\nName=${name}\nExec=${command}\n`);
  return pidFile;
}

function endSilentService(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    // Nobody wanted it, so it was never started.
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function busConfiguration(folder: string): string {
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

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'the Secret Service is a thing of Linux';
  for (const [program, ...args] of [
    ['dbus-daemon', '--version'],
    ['gdbus', 'help'],
    ['gnome-keyring-daemon', '--version'],
  ]) {
    if (spawnSync(program ?? '', args, { stdio: 'ignore' }).error) return `${program} is not installed`;
  }
  const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
  const { status } = spawnSync(process.execPath, ['-e', "require('keytar')"], { cwd: packageFolder, stdio: 'ignore' });
  return status === 0 ? undefined : 'keytar has no binary here';
}
