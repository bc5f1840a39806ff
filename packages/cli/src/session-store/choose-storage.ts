import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Keychain, KeychainFailure } from '../keychain/keychain.ts';

type StorageWish = 'keychain' | 'file' | undefined;

export interface ChosenStorage {
  readonly storage: 'keychain' | 'file';
  /** Why it is a file although nobody chose one; to be said at every login. */
  readonly missing?: string;
}

/**
 * Reads which storage is wanted: the option goes before the variable.
 *
 * @throws {@link CliError} `usage`: a word that is neither `keychain` nor `file`.
 */
export function readStorageWish(option: string | undefined, variable: string | undefined): StorageWish {
  const wish = option ?? (variable || undefined);
  if (wish === undefined || wish === 'keychain' || wish === 'file') return wish;
  throw usageError(`${option === undefined ? 'AUTHSVC_STORAGE' : '--storage'} is "keychain" or "file"`);
}

/**
 * Decides where a session will be kept, by trying to save something there.
 *
 * Only a machine without any keychain leads to a file, and only where nobody asked for the keychain.
 *
 * @throws {@link CliError} `keychain_locked` or `keychain_unavailable`.
 */
export async function chooseStorage(keychain: Keychain, wish: StorageWish): Promise<ChosenStorage> {
  if (wish === 'file') return { storage: 'file' };
  const probe = await keychain.probe();
  if (probe.state === 'ok') return { storage: 'keychain' };
  if (probe.state === 'absent' && wish === undefined) return { storage: 'file', missing: probe.reason };
  throw keychainError(probe, 'Nothing was sent to the server or written to disk.');
}

/** A keychain that does not do as asked, as the end of a command. */
export function keychainError({ state, reason }: KeychainFailure, why: string): CliError {
  const isLocked = state === 'locked';
  return new CliError({
    status: exitStatus.keychain,
    code: isLocked ? 'keychain_locked' : 'keychain_unavailable',
    what: isLocked ? 'The system keychain is locked' : `The system keychain cannot be used (${reason})`,
    why,
    next: { say: `${isLocked ? 'Unlock' : 'Repair'} it and try again, or choose AUTHSVC_STORAGE=file` },
  });
}
