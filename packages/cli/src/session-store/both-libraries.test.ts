import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createKeychain, type Keychain, type KeychainLibrary } from '../keychain/keychain.ts';
import { makeHelper } from '../testing/keychain-helpers.ts';
import { isKeychainMissing, startBus } from '../testing/secret-service.ts';
import { readAccountIndex, updateAccountIndex, withAccount } from './account-index.ts';
import { chooseStorage } from './choose-storage.ts';
import { createDeviceStore, type DeviceStore } from './device-store.ts';
import { createSessionStore, type SessionStore } from './session-store.ts';

const ada = { server: 'http://127.0.0.1:4100', email: 'ada@example.com' };
const [token, newer] = ['a'.repeat(43), 'b'.repeat(43)];

interface Machine {
  readonly keychain: Keychain;
  readonly sessions: SessionStore;
  readonly devices: DeviceStore;
  /** Save a session and a device as `login` does. */
  logIn(token: string): Promise<{ readonly cleared: boolean }>;
}

/** The same machine, keyring and state folder, with other libraries installed. */
let machineWith: (...loadable: KeychainLibrary[]) => Machine;
let folder: string;

beforeEach(async () => {
  if (isKeychainMissing) return;
  const bus = await startBus();
  await bus.startKeyring('unlocked');
  folder = mkdtempSync(join(tmpdir(), 'authsvc-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  machineWith = (...loadable) => {
    // Time limits are tested elsewhere: a busy machine is not to fail these.
    const keychain = createKeychain({ env: bus.env, helperPath: makeHelper(loadable), limitMs: 20_000 });
    onTestFinished(keychain.close);
    const [sessions, devices] = [createSessionStore(keychain, folder), createDeviceStore(keychain, folder)];
    return {
      keychain,
      sessions,
      devices,
      async logIn(text) {
        const { place } = await chooseStorage(keychain, undefined);
        await devices.save({ ...ada, ...place }, text);
        return await sessions.save({ ...ada, ...place, expires_at: null, cookie: 'session_id' }, text);
      },
    };
  };
});

const stored = () => {
  const { accounts, devices = [] } = readAccountIndex(folder);
  return [...accounts, ...devices].map(({ storage, library }) => library ?? storage);
};
const storedAccount = () => {
  const [account] = readAccountIndex(folder).accounts;
  if (!account) throw new Error('no session is stored');
  return account;
};

/** Everything of this account that either library finds. */
async function secretsIn({ keychain }: Machine): Promise<unknown[]> {
  const secrets: unknown[] = [];
  for (const library of ['keytar', '@napi-rs/keyring'] as const) {
    for (const service of [`authsvc:${ada.server}`, `authsvc-device:${ada.server}`]) {
      const answer = await keychain.get({ service, account: ada.email, library });
      if (answer.state === 'ok' && answer.secret !== undefined) secrets.push([library, answer.secret]);
    }
  }
  return secrets;
}

describe.skipIf(isKeychainMissing)('a session in the keychain', () => {
  it('is read and deleted by the library that saved it, also once the other is preferred', async () => {
    await machineWith('@napi-rs/keyring').logIn(token);
    expect(stored()).toEqual(['@napi-rs/keyring', '@napi-rs/keyring']);
    const both = machineWith('keytar', '@napi-rs/keyring');
    expect(await both.sessions.getToken(storedAccount())).toBe(token);
    expect(await both.devices.find(ada)).toBe(token);
    await both.sessions.forget(storedAccount());
    await both.devices.forget(ada);
    expect(await secretsIn(both)).toEqual([]);
  });

  it('is replaced by that of the next login, whichever library saves it', async () => {
    const both = machineWith('keytar', '@napi-rs/keyring');
    await machineWith('@napi-rs/keyring').logIn(token);
    expect(await both.logIn(newer)).toEqual({ cleared: true });
    expect(stored()).toEqual(['keytar', 'keytar']);
    const kept = ['keytar', newer];
    expect(await secretsIn(both)).toEqual([kept, kept]);
  });

  it('is kept, and not taken for another, while its library cannot be loaded', async () => {
    const both = machineWith('keytar', '@napi-rs/keyring');
    await both.logIn(token);
    const without = machineWith('@napi-rs/keyring');
    const refusal = {
      status: 7,
      code: 'keychain_unavailable',
      message: 'The system keychain cannot be used (keytar cannot be loaded)',
      next: { say: 'Repair it and try again, or log in again', command: 'authsvc login' },
    };
    await expect(without.sessions.getToken(storedAccount())).rejects.toMatchObject(refusal);
    await expect(without.sessions.forget(storedAccount())).rejects.toMatchObject(refusal);
    expect(await without.devices.find(ada)).toBeUndefined();
    expect(await both.sessions.getToken(storedAccount())).toBe(token);
  });

  it('leaves no session behind after a logout, also of a login that could not delete the one before', async () => {
    const both = machineWith('keytar', '@napi-rs/keyring');
    await both.logIn(token);
    expect(await machineWith('@napi-rs/keyring').logIn(newer)).toEqual({ cleared: false });
    expect(await both.sessions.getToken(storedAccount())).toBe(newer);
    await both.sessions.forget(storedAccount());
    const session = { service: `authsvc:${ada.server}`, account: ada.email };
    for (const library of ['keytar', '@napi-rs/keyring'] as const) {
      expect(await both.keychain.get({ ...session, library })).toEqual({ state: 'ok', library });
    }
  });

  it('is found where version 1.0.0 saved it', async () => {
    const both = machineWith('keytar', '@napi-rs/keyring');
    await both.keychain.set({ service: `authsvc:${ada.server}`, account: ada.email, library: 'keytar' }, token);
    const account = { ...ada, storage: 'keychain', expires_at: null, cookie: 'session_id' } as const;
    updateAccountIndex(folder, (index) => withAccount(index, account));
    expect(await both.sessions.getToken(storedAccount())).toBe(token);
    expect(await both.logIn(newer)).toEqual({ cleared: true });
    expect(await secretsIn(both)).toContainEqual(['keytar', newer]);
  });

  it('goes to a file where neither library can be loaded', async () => {
    const neither = machineWith();
    await neither.logIn(token);
    expect(stored()).toEqual(['file', 'file']);
    expect(await neither.sessions.getToken(storedAccount())).toBe(token);
  });
});
