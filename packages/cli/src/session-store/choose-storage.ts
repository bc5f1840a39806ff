import { CliError, type NextStep, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Keychain, KeychainFailure } from '../keychain/keychain.ts';
import type { StoragePlace } from './account-index.ts';

type StorageWish = 'keychain' | 'file' | undefined;

export interface ChosenStorage {
  readonly place: StoragePlace;
  /** Why it is a file by default; shown at every login. */
  readonly missing?: string;
}

/**
 * Read which storage is wanted: the option takes precedence over the variable.
 *
 * @throws {@link CliError} `usage`: neither `keychain` nor `file`.
 */
export function readStorageWish(option: string | undefined, variable: string | undefined): StorageWish {
  const wish = option ?? (variable || undefined);
  if (wish === undefined || wish === 'keychain' || wish === 'file') return wish;
  throw usageError(`${option === undefined ? 'AUTHSVC_STORAGE' : '--storage'} is "keychain" or "file"`);
}

/**
 * Choose where a session is kept, by trying to save something in the keychain.
 *
 * Falls back to a file only on a machine without a keychain, and only if none was asked for.
 *
 * @throws {@link CliError} `keychain_locked` or `keychain_unavailable`.
 */
export async function chooseStorage(keychain: Keychain, wish: StorageWish): Promise<ChosenStorage> {
  if (wish === 'file') return { place: { storage: 'file' } };
  const probe = await keychain.probe();
  if (probe.state === 'ok') return { place: { storage: 'keychain', library: probe.library } };
  if (probe.state === 'absent' && wish === undefined) return { place: { storage: 'file' }, missing: probe.reason };
  throw keychainError(probe, 'Nothing was sent to the server or written to disk.');
}

/**
 * The error of a command whose call to the keychain failed.
 *
 * @param otherwise what helps where the keychain cannot be used.
 */
export function keychainError(
  { state, reason }: KeychainFailure,
  why: string,
  otherwise: NextStep = { say: 'choose AUTHSVC_STORAGE=file' },
): CliError {
  const isLocked = state === 'locked';
  return new CliError({
    status: exitStatus.keychain,
    code: isLocked ? 'keychain_locked' : 'keychain_unavailable',
    what: isLocked ? 'The system keychain is locked' : `The system keychain cannot be used (${reason})`,
    why,
    next: { ...otherwise, say: `${isLocked ? 'Unlock' : 'Repair'} it and try again, or ${otherwise.say}` },
  });
}
