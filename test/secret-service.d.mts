/** What a program needs in its environment to find this bus and no other. */
type BusEnvironment = Readonly<Record<string, string>>;

export interface Bus {
  readonly env: BusEnvironment;
  /** Starts GNOME's keyring daemon, with an open keyring where it is `unlocked`, and waits for it. */
  startKeyring(state: 'unlocked' | 'locked'): Promise<Keyring>;
  stop(): Promise<void>;
}

export interface Keyring {
  /** Locks the keyring, as a screen lock or a logout does. */
  lock(): Promise<void>;
  stop(): Promise<void>;
}

export interface SecretService extends Keyring {
  readonly env: BusEnvironment;
}

export const SECRET_SERVICE: string;
export function findSecretServiceObstacle(): string | undefined;
export function startBus(home: string, folder: string): Promise<Bus>;
export function startSecretService(home: string, folder: string): Promise<SecretService>;
