/** Why the keychain did not do as asked. */
export interface KeychainFailure {
  /**
   * `absent`: there is no keychain on this machine, so there is nothing to bypass. `locked`: there is one, and it stayed shut. `failed`: there is
   * one, and it answered with an error.
   */
  readonly state: 'absent' | 'locked' | 'failed';
  /** A few words for a person, to stand in parentheses. */
  readonly reason: string;
}

const noSecretService =
  /autolaunch D-Bus|dbus-launch|not provided by any \.service files|StartServiceByName|Could not connect|given address is empty|machine-id|Connection refused|Unknown or unsupported transport/i;
const lockedKeyring = /locked collection|is locked|IsLocked|user interaction is not allowed|dismissed/i;
const noKeyring = /Object does not exist at path/i;

/**
 * Reads what the helper said into what it means.
 *
 * Words are all there is to go by: keytar passes on the text of the D-Bus error and drops its name. What is not recognised counts as `failed`, so
 * that an unknown error never leads around a keychain.
 */
export function readKeychainFailure(reply: { readonly loaded: boolean; readonly error: string }): KeychainFailure {
  if (!reply.loaded) return { state: 'absent', reason: 'keytar cannot be loaded' };
  if (noSecretService.test(reply.error)) return { state: 'absent', reason: 'no Secret Service on D-Bus' };
  if (lockedKeyring.test(reply.error)) return { state: 'locked', reason: 'it asked to be unlocked' };
  if (noKeyring.test(reply.error)) return { state: 'failed', reason: 'it has no keyring to keep anything in' };
  return { state: 'failed', reason: reply.error };
}
