import { shell } from '@authsvc/client/shell-command';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Keychain, KeychainAnswer, KeychainEntry, KeychainFailure } from '../keychain/keychain.ts';
import {
  type Account,
  type AccountIndex,
  type AccountName,
  findAccount,
  isSameAccount,
  isSamePlace,
  libraryOf,
  readAccountIndex,
  updateAccountIndex,
  withAccount,
  withoutAccount,
} from './account-index.ts';
import { keychainError } from './choose-storage.ts';
import { ensurePrivateFolder } from './private-file.ts';
import { createTokenFiles } from './token-file.ts';

/** This user's sessions on this machine: the index says which are in the keychain or in a file. */
export interface SessionStore {
  readonly index: () => AccountIndex;
  /**
   * Check, before a password is sent, that state can be stored.
   *
   * @throws {@link CliError} `state_unusable`.
   */
  prepare(): void;
  /**
   * Save a session, make its account the current one, and delete the account's earlier session.
   *
   * @returns whether that was deleted: a locked keychain keeps it.
   * @throws {@link CliError} `keychain_locked`, `keychain_unavailable`, `state_unusable`.
   */
  save(account: Account, token: string): Promise<{ readonly cleared: boolean }>;
  /**
   * Get the token of an account in the index.
   *
   * @throws {@link CliError} `keychain_locked`: the keychain does not return it.
   */
  getToken(account: Account): Promise<string>;
  forget(account: Account): Promise<void>;
  /** Make an account the one used last, logged in or not. */
  use(name: AccountName): void;
}

export function createSessionStore(keychain: Keychain, stateFolder: string): SessionStore {
  const index = () => readAccountIndex(stateFolder);
  const files = createTokenFiles(stateFolder, 'sessions');

  return {
    index,
    prepare: () => ensurePrivateFolder(stateFolder),

    async save(account, token) {
      const before = findAccount(index(), account.server, account.email);
      if (account.storage === 'keychain') {
        assertDone(await keychain.set(entryOf(account), token), 'The session could not be saved.');
        if (before?.storage === 'file') files.remove(before);
      } else {
        files.write(account, token);
        const isElsewhere = before && files.pathOf(before) !== files.pathOf(account);
        if (before?.storage === 'file' && isElsewhere) files.remove(before);
      }
      updateAccountIndex(stateFolder, (latest) => withAccount(latest, account));
      // Keychains distinguish case, and the forms of a domain.
      const isReplaced = before && isSamePlace(before, account) && before.email === account.email;
      if (before?.storage !== 'keychain' || isReplaced) return { cleared: true };
      return { cleared: await removeFromKeychain(keychain, before) };
    },

    async getToken(account) {
      if (account.storage === 'file') {
        const token = files.read(account);
        if (token === undefined) throw notLoggedIn(account.server, account.email);
        return token;
      }
      const answer = await keychain.get(entryOf(account));
      // A locked keyring looks empty, and by the index this one is not.
      if (answer.state === 'ok') return answer.secret ?? fail({ state: 'locked', reason: 'no entry' });
      return fail(answer);
    },

    async forget(account) {
      const entry = entryOf(account);
      if (account.storage === 'file') files.remove(account);
      else assertDone(await keychain.delete(entry), 'It holds your session.', logInAgain);
      // An earlier session that could not be deleted while keytar could not be loaded.
      if (account.library === '@napi-rs/keyring') await keychain.delete({ ...entry, library: 'keytar' });
      updateAccountIndex(stateFolder, (latest) => withoutAccount(latest, account));
    },

    use(name) {
      const isCurrent = ({ current }: AccountIndex) => current !== null && isSameAccount(current, name);
      if (isCurrent(index())) return;
      const current = { server: name.server, email: name.email };
      updateAccountIndex(stateFolder, (latest) => ({ ...latest, current }));
    },
  };
}

/** @returns whether it is deleted: a locked keyring looks empty, and only claims to delete. */
async function removeFromKeychain(keychain: Keychain, account: Account): Promise<boolean> {
  const held = await keychain.get(entryOf(account));
  if (held.state !== 'ok' || held.secret === undefined) return false;
  return (await keychain.delete(entryOf(account))).state === 'ok';
}

/** No session is stored here. */
export function notLoggedIn(server: string, email?: string): CliError {
  return new CliError({
    status: exitStatus.notLoggedIn,
    code: 'not_logged_in',
    what: email === undefined ? `You are not logged in to ${server}` : `${email} is not logged in to ${server}`,
    next: { say: 'Log in', command: shell`authsvc login` },
  });
}

const logInAgain = { say: 'log in again', command: shell`authsvc login` };

/** The session cannot be read: by the index it is in the keychain. */
function fail(failure: KeychainFailure): never {
  const isLocked = failure.state === 'locked';
  const why = `It holds your session${isLocked ? ', which cannot be read until it is unlocked' : ''}.`;
  throw keychainError(failure, why, logInAgain);
}

function entryOf(account: Account): KeychainEntry {
  return { service: `authsvc:${account.server}`, account: account.email, library: libraryOf(account) };
}

function assertDone(answer: KeychainAnswer, why: string, otherwise?: typeof logInAgain): void {
  if (answer.state !== 'ok') throw keychainError(answer, why, otherwise);
}
