import { describe, expect, it } from 'vitest';
import { readKeychainFailure } from './keychain.ts';

describe('readKeychainFailure', () => {
  it.each([
    'Cannot autolaunch D-Bus without X11 $DISPLAY',
    'Could not connect: No such file or directory',
    'The given address is empty',
    'Failed to execute child process “dbus-launch” (No such file or directory)',
    'The name org.freedesktop.secrets was not provided by any .service files',
    'Error calling StartServiceByName for org.freedesktop.secrets: Process org.freedesktop.secrets exited with status 1',
  ])('finds no Secret Service behind: %s', (error) => {
    expect(readKeychainFailure({ loaded: true, error })).toEqual({
      state: 'absent',
      reason: 'no Secret Service on D-Bus',
    });
  });

  it('finds no keychain where keytar cannot be loaded', () => {
    const error = 'libsecret-1.so.0: cannot open shared object file: No such file or directory';
    expect(readKeychainFailure({ loaded: false, error })).toEqual({
      state: 'absent',
      reason: 'keytar cannot be loaded',
    });
  });

  it('knows a locked keyring, and one that is not there', () => {
    expect(readKeychainFailure({ loaded: true, error: 'Cannot create an item in a locked collection' }).state).toBe(
      'locked',
    );
    expect(
      readKeychainFailure({
        loaded: true,
        error: 'Object does not exist at path “/org/freedesktop/secrets/collection/login”',
      }),
    ).toEqual({ state: 'failed', reason: 'it has no keyring to keep anything in' });
  });

  it('never takes what it does not know for a missing keychain', () => {
    expect(readKeychainFailure({ loaded: true, error: 'something else' })).toEqual({
      state: 'failed',
      reason: 'something else',
    });
  });
});
