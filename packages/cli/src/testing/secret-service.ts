import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Bus, findSecretServiceObstacle, startBus as startAnyBus } from '../../../../test/secret-service.mjs';

interface TestBus extends Pick<Bus, 'env' | 'startKeyring'> {
  readonly home: string;
}

interface BusOptions {
  readonly home?: string;
  /** Services that the bus starts on demand, and that never answer. */
  readonly silentServices?: readonly string[];
}

/** What asks a person for the password of a keyring. */
export const PROMPTER = 'org.gnome.keyring.SystemPrompter';

const obstacle = findSecretServiceObstacle();
if (obstacle !== undefined) {
  if (process.env.CI === 'true') throw new Error(`the keychain cannot be tested here: ${obstacle}`);
  process.stderr.write(`\n!!! The tests of the real keychain are SKIPPED: ${obstacle}\n\n`);
}

/** Whether tests that need a real Secret Service are skipped; standard error says why. */
export const isKeychainMissing = obstacle !== undefined;

/** Starts a bus that ends with the test, with the services named and no others. */
export async function startBus({ home = makeHome(), silentServices = [] }: BusOptions = {}): Promise<TestBus> {
  const folder = makeHome();
  const stayIn = silentServices.map((name) => writeSilentService(folder, name));
  const bus = await startAnyBus(home, folder);
  onTestFinished(async () => {
    await bus.stop();
    for (const pidFile of stayIn) endSilentService(pidFile);
  });
  return {
    home,
    env: bus.env,
    async startKeyring(state) {
      const keyring = await bus.startKeyring(state);
      onTestFinished(keyring.stop);
      return keyring;
    },
  };
}

/** Make a locked keyring with a password in a fresh home. */
export async function makeLockedHome(): Promise<string> {
  const bus = await startBus();
  const keyring = await bus.startKeyring('unlocked');
  await keyring.stop();
  return bus.home;
}

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
    // It was not needed, so it was never started.
  }
}
