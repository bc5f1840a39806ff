import type { Keychain, KeychainEntry } from '../keychain/keychain.ts';
import {
  type AccountName,
  emailKey,
  findStoredDevice,
  isSameAccount,
  isSamePlace,
  libraryOf,
  readAccountIndex,
  type StoredDevice,
  updateAccountIndex,
  withDevice,
  withoutDevice,
} from './account-index.ts';
import { keychainError } from './choose-storage.ts';
import { createTokenFiles } from './token-file.ts';

/**
 * The tokens that make this machine a known device: one a server and account, beside its session.
 * They open nothing by themselves.
 */
export interface DeviceStore {
  /**
   * @returns `undefined` without one, or if the keychain withholds it: a login needs none.
   * @throws {@link CliError} `state_unusable`.
   */
  find(name: AccountName): Promise<string | undefined>;
  /**
   * Keep the token that a login gave, in place of an earlier one.
   *
   * @throws {@link CliError} `keychain_locked`, `keychain_unavailable`, `state_unusable`.
   */
  save(device: StoredDevice, token: string): Promise<void>;
  /** Keep the token of an account under its new email. */
  rename(from: AccountName, to: AccountName): Promise<void>;
  /** Delete the token of an account, if there is one. */
  forget(name: AccountName): Promise<void>;
}

export function createDeviceStore(keychain: Keychain, stateFolder: string): DeviceStore {
  const files = createTokenFiles(stateFolder, 'devices');
  const storedAs = (name: AccountName) => findStoredDevice(readAccountIndex(stateFolder), name);

  async function find(name: AccountName): Promise<string | undefined> {
    const stored = storedAs(name);
    if (!stored) return undefined;
    if (stored.storage === 'file') return files.read(keyOf(name));
    const answer = await keychain.get(entryOf(stored));
    return answer.state === 'ok' ? answer.secret : undefined;
  }

  async function save(device: StoredDevice, token: string): Promise<void> {
    const before = storedAs(device);
    if (device.storage === 'file') {
      files.write(keyOf(device), token);
    } else {
      const answer = await keychain.set(entryOf(device), token);
      if (answer.state !== 'ok') throw keychainError(answer, 'The session was not saved.');
    }
    updateAccountIndex(stateFolder, (latest) => withDevice(latest, device));
    if (before && !isSamePlace(before, device)) await remove(before);
  }

  /** The service forgets it as well, so that a keychain which keeps it does no harm. */
  async function remove(stored: StoredDevice): Promise<void> {
    if (stored.storage === 'file') files.remove(keyOf(stored));
    else await keychain.delete(entryOf(stored));
  }

  async function forget(name: AccountName): Promise<void> {
    const stored = storedAs(name);
    if (!stored) return;
    await remove(stored);
    updateAccountIndex(stateFolder, (latest) => withoutDevice(latest, name));
  }

  return {
    find,
    save,
    forget,
    async rename(from, to) {
      const stored = storedAs(from);
      const token = await find(from);
      if (!stored || token === undefined || isSameAccount(from, to)) return;
      await save({ ...stored, server: to.server, email: to.email }, token);
      await forget(from);
    },
  };
}

/** The email as the service compares it: at a login it is typed, and afterwards as registered. */
function keyOf({ server, email }: AccountName): AccountName {
  return { server, email: emailKey(email) };
}

function entryOf(device: StoredDevice): KeychainEntry {
  return { service: `authsvc-device:${device.server}`, account: emailKey(device.email), library: libraryOf(device) };
}
