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
    'Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time, set your DBUS_SESSION_BUS_ADDRESS instead',
    'Platform failure: DBus error: Failed to connect to socket /run/user/1000/bus: No such file or directory',
    "Platform failure: DBus error: '=' character not found or has no value following it",
  ])('finds no Secret Service behind: %s', (error) => {
    expect(readKeychainFailure(error)).toEqual({
      state: 'absent',
      reason: 'no Secret Service on D-Bus',
    });
  });

  it('knows a locked keyring, and one that is not there', () => {
    expect(readKeychainFailure('Cannot create an item in a locked collection').state).toBe('locked');
    expect(readKeychainFailure('Secret Service: unlock prompt was dismissed').state).toBe('locked');
    const none = { state: 'failed', reason: 'it has no keyring to keep anything in' };
    const path = '“/org/freedesktop/secrets/collection/login”';
    expect(readKeychainFailure(`Object does not exist at path ${path}`)).toEqual(none);
    expect(readKeychainFailure('Secret Service: no result found')).toEqual(none);
  });

  it('never takes what it does not know for a missing keychain', () => {
    expect(readKeychainFailure('something else')).toEqual({
      state: 'failed',
      reason: 'something else',
    });
  });
});
