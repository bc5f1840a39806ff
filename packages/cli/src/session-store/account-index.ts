import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import type { KeychainLibrary } from '../keychain/keychain.ts';
import { readPrivateFile, unusable, withFileLock, writePrivateFile } from './private-file.ts';

/** Where a secret is stored. */
export interface StoragePlace {
  readonly storage: 'keychain' | 'file';
  /** What saved it in the keychain, and alone can read it there; if left out, keytar. */
  readonly library?: KeychainLibrary;
}

/** Where a session is stored; the index does not hold the session itself. */
export interface Account extends StoragePlace {
  /** An origin, such as `http://127.0.0.1:4100`. */
  readonly server: string;
  /** As it was registered. */
  readonly email: string;
  /** ISO 8601, UTC; `null` when the server did not say. */
  readonly expires_at: string | null;
  /** The name of the cookie that carries the session. */
  readonly cookie: string;
}

export interface AccountName {
  readonly server: string;
  readonly email: string;
}

/** Where the token is stored that makes this machine a known device of an account. */
export interface StoredDevice extends AccountName, StoragePlace {}

/**
 * The accounts that have a stored session, and the account used last, which may have none. Holds no
 * secret.
 */
export interface AccountIndex {
  readonly current: AccountName | null;
  readonly accounts: readonly Account[];
  /** Left out before the first: a logout keeps them. */
  readonly devices?: readonly StoredDevice[];
}

const fileIn = (stateFolder: string) => join(stateFolder, 'accounts.json');

/** @throws {@link CliError} `state_unusable`: the file is not one of this program's. */
export function readAccountIndex(stateFolder: string): AccountIndex {
  const path = fileIn(stateFolder);
  const text = readPrivateFile(path);
  if (text === undefined) return { current: null, accounts: [] };
  try {
    const value: unknown = JSON.parse(text);
    if (isAccountIndex(value)) return value;
  } catch (error) {
    throw unusable(path, 'It is not JSON.', error);
  }
  throw unusable(path, 'It does not hold what authsvc writes there.');
}

/** Change the index under a lock, so that two commands at once lose neither's change. */
export function updateAccountIndex(stateFolder: string, change: (index: AccountIndex) => AccountIndex): void {
  const path = fileIn(stateFolder);
  withFileLock(path, () => {
    const before = readAccountIndex(stateFolder);
    const after = change(before);
    if (after !== before) writePrivateFile(path, `${JSON.stringify(after, null, 2)}\n`);
  });
}

/**
 * Compare addresses as the service does: without case, and with both forms of a domain equal.
 */
export function isSameAccount(one: AccountName, other: AccountName): boolean {
  return one.server === other.server && emailKey(one.email) === emailKey(other.email);
}

/** What reads a secret in the keychain. */
export function libraryOf({ library = 'keytar' }: StoragePlace): KeychainLibrary {
  return library;
}

/** Whether what is saved in one place replaces what is in the other. */
export function isSamePlace(one: StoragePlace, other: StoragePlace): boolean {
  return one.storage === other.storage && (one.storage === 'file' || libraryOf(one) === libraryOf(other));
}

/** The email of the account used last, if that was on this server. */
export function lastUsedEmail({ current }: AccountIndex, server: string): string | undefined {
  return current?.server === server ? current.email : undefined;
}

/** Find an account: by its email, else the one used last on that server, else the newest there. */
export function findAccount(index: AccountIndex, server: string, email?: string): Account | undefined {
  const wanted = email ?? lastUsedEmail(index, server);
  if (wanted !== undefined) return index.accounts.find((account) => isSameAccount(account, { server, email: wanted }));
  return index.accounts.find((account) => account.server === server);
}

/** Put an account first, replacing its earlier entry, and make it the current one. */
export function withAccount(index: AccountIndex, account: Account): AccountIndex {
  const { server, email } = account;
  const accounts = [account, ...withoutAccount(index, account).accounts];
  return { ...index, current: { server, email }, accounts };
}

/** Remove an account; it stays the one used last, so that the next login can suggest it. */
export function withoutAccount(index: AccountIndex, name: AccountName): AccountIndex {
  return { ...index, accounts: index.accounts.filter((account) => !isSameAccount(account, name)) };
}

/** Find where the device token of an account is stored. */
export function findStoredDevice({ devices = [] }: AccountIndex, name: AccountName): StoredDevice | undefined {
  return devices.find((device) => isSameAccount(device, name));
}

/** Note where a device token is stored, replacing the account's earlier entry. */
export function withDevice(index: AccountIndex, device: StoredDevice): AccountIndex {
  const before = findStoredDevice(index, device);
  if (before && isSamePlace(before, device)) return index;
  const others = withoutDevice(index, device).devices ?? [];
  return { ...index, devices: [...others, device] };
}

/** Remove a device. */
export function withoutDevice(index: AccountIndex, name: AccountName): AccountIndex {
  if (!findStoredDevice(index, name)) return index;
  return { ...index, devices: (index.devices ?? []).filter((device) => !isSameAccount(device, name)) };
}

function isAccountIndex(value: unknown): value is AccountIndex {
  if (!isRecord(value) || !Array.isArray(value.accounts)) return false;
  const { current, devices = [] } = value;
  if (!Array.isArray(devices) || !devices.every(isStoredDevice)) return false;
  return (current === null || isAccountName(current)) && value.accounts.every(isAccount);
}

function isStoredDevice(value: unknown): value is StoredDevice {
  return isAccountName(value) && isStoragePlace(value);
}

function isStoragePlace(value: object): value is StoragePlace {
  const { storage, library } = value as Record<string, unknown>;
  if (library !== undefined && library !== 'keytar' && library !== '@napi-rs/keyring') return false;
  return storage === 'keychain' || storage === 'file';
}

function isAccount(value: unknown): value is Account {
  if (!isRecord(value) || !isAccountName(value)) return false;
  const { expires_at, cookie } = value as Record<string, unknown>;
  return (
    isStoragePlace(value) &&
    (expires_at === null || typeof expires_at === 'string') &&
    (cookie === 'session_id' || cookie === '__Host-session_id')
  );
}

function isAccountName(value: unknown): value is AccountName {
  return isRecord(value) && typeof value.server === 'string' && typeof value.email === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * The form in which the service compares addresses: lower case, the domain in ASCII.
 */
export function emailKey(email: string): string {
  const at = email.lastIndexOf('@') + 1;
  const domain = email.slice(at);
  return `${email.slice(0, at)}${domainToASCII(domain) || domain}`.toLowerCase();
}
