import { describe, expect, it } from 'vitest';
import type { KeychainFailure } from '../keychain/keychain.ts';
import { createMemoryKeychain } from '../testing/memory-keychain.ts';
import { chooseStorage, readStorageWish } from './choose-storage.ts';

const absent: KeychainFailure = { state: 'absent', reason: 'no Secret Service on D-Bus' };
const locked: KeychainFailure = { state: 'locked', reason: 'it asked to be unlocked' };
const failed: KeychainFailure = { state: 'failed', reason: 'it has no keyring to keep anything in' };

describe('readStorageWish', () => {
  it('puts the option before the variable', () => {
    expect([
      readStorageWish(undefined, undefined),
      readStorageWish(undefined, ''),
      readStorageWish(undefined, 'file'),
      readStorageWish('keychain', 'file'),
    ]).toEqual([undefined, undefined, 'file', 'keychain']);
  });

  it.each([
    [undefined, 'disk', 'AUTHSVC_STORAGE is "keychain" or "file"'],
    ['', undefined, '--storage is "keychain" or "file"'],
  ])('refuses any other word: %s, %s', (option, variable, message) => {
    expect(() => readStorageWish(option, variable)).toThrow(expect.objectContaining({ status: 2, message }));
  });
});

describe('chooseStorage', () => {
  it.each([
    ['open' as const, undefined, { place: { storage: 'keychain', library: 'keytar' } }],
    ['open' as const, 'keychain' as const, { place: { storage: 'keychain', library: 'keytar' } }],
    [absent, undefined, { place: { storage: 'file' }, missing: 'no Secret Service on D-Bus' }],
    [absent, 'file' as const, { place: { storage: 'file' } }],
    [locked, 'file' as const, { place: { storage: 'file' } }],
  ])('with a keychain that is %j and the wish %s chooses %j', async (state, wish, chosen) => {
    expect(await chooseStorage(createMemoryKeychain(state), wish)).toEqual(chosen);
  });

  it.each([
    [absent, 'keychain' as const, 'keychain_unavailable'],
    [failed, undefined, 'keychain_unavailable'],
    [failed, 'keychain' as const, 'keychain_unavailable'],
    [locked, undefined, 'keychain_locked'],
    [locked, 'keychain' as const, 'keychain_locked'],
  ])('with a keychain that is %j and the wish %s goes no further', async (state, wish, code) => {
    await expect(chooseStorage(createMemoryKeychain(state), wish)).rejects.toMatchObject({ status: 7, code });
  });

  it('does not touch the keychain when a file is wanted', async () => {
    const keychain = createMemoryKeychain();
    await chooseStorage(keychain, 'file');
    expect(keychain.calls).toEqual([]);
  });
});
