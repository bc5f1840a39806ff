import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryKeychain, type MemoryKeychain } from '../testing/memory-keychain.ts';
import { readAccountIndex, updateAccountIndex, withAccount, withoutAccount } from './account-index.ts';
import { createDeviceStore, type DeviceStore } from './device-store.ts';

const server = 'http://127.0.0.1:4100';
const ada = { server, email: 'ada@example.com' };
const token = 'a'.repeat(43);
const newer = 'b'.repeat(43);

let folder: string;
let keychain: MemoryKeychain;
let devices: DeviceStore;

beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), 'authsvc-devices-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  folder = join(parent, 'state');
  keychain = createMemoryKeychain();
  devices = createDeviceStore(keychain, folder);
});

const files = () => readdirSync(join(folder, 'devices'));

describe.each(['keychain', 'file'] as const)('a device token in the %s', (storage) => {
  it('is found by server and account, as the service compares addresses', async () => {
    await devices.save({ server, email: 'Ada@BÜCHER.example', storage }, token);
    expect(await devices.find({ server, email: 'ada@xn--bcher-kva.example' })).toBe(token);
    expect(await devices.find(ada)).toBeUndefined();
    expect(await devices.find({ server: 'https://auth.example.com', email: 'ada@bücher.example' })).toBeUndefined();
  });

  it('gives way to another, and is gone once it is forgotten', async () => {
    await devices.save({ ...ada, storage }, token);
    await devices.save({ ...ada, storage }, newer);
    expect(await devices.find(ada)).toBe(newer);
    await devices.forget(ada);
    await devices.forget(ada);
    expect(await devices.find(ada)).toBeUndefined();
    expect([keychain.entries.size, storage === 'file' ? files() : []]).toEqual([0, []]);
    expect(readAccountIndex(folder)).toEqual({ current: null, accounts: [], devices: [] });
  });

  it('outlives the session of its account', async () => {
    const session = { ...ada, storage, expires_at: null, cookie: 'session_id' };
    await devices.save({ ...ada, storage }, token);
    updateAccountIndex(folder, (index) => withoutAccount(withAccount(index, session), session));
    expect(await devices.find(ada)).toBe(token);
  });

  it('follows its account to a new email', async () => {
    const countess = { server, email: 'countess@example.com' };
    await devices.rename(ada, countess);
    await devices.save({ ...ada, storage }, token);
    await devices.rename(ada, { server, email: 'ADA@example.com' });
    expect(await devices.find(ada)).toBe(token);
    await devices.rename(ada, countess);
    expect([await devices.find(ada), await devices.find(countess)]).toEqual([undefined, token]);
  });

  it('leaves the other storage when it is kept here', async () => {
    const elsewhere = storage === 'file' ? 'keychain' : 'file';
    await devices.save({ ...ada, storage: elsewhere }, token);
    await devices.save({ ...ada, storage }, newer);
    expect(await devices.find(ada)).toBe(newer);
    expect([keychain.entries.size, files().length]).toEqual(storage === 'file' ? [0, 1] : [1, 0]);
  });
});

describe('a device token', () => {
  it('is in a file that only its owner can read, which its text does not name', async () => {
    await devices.save({ ...ada, storage: 'file' }, token);
    const [name = ''] = files();
    expect(name).toMatch(/^[\da-f]{32}$/);
    expect(statSync(join(folder, 'devices', name)).mode & 0o777).toBe(0o600);
  });

  it('is none where a locked keychain keeps it: no login waits for it', async () => {
    await devices.save({ ...ada, storage: 'keychain' }, token);
    for (const state of ['withhold' as const, { state: 'locked', reason: 'no answer within 3 s' } as const]) {
      keychain.state = state;
      expect(await devices.find(ada)).toBeUndefined();
    }
  });

  it('asks no keychain where none was saved', async () => {
    await devices.find(ada);
    await devices.forget(ada);
    expect(keychain.calls).toEqual([]);
  });

  it('says so where the keychain does not take it', async () => {
    keychain.state = { state: 'failed', reason: 'no' };
    await expect(devices.save({ ...ada, storage: 'keychain' }, token)).rejects.toMatchObject({
      code: 'keychain_unavailable',
    });
  });
});
