import type { Keychain, KeychainEntry, KeychainFailure } from '../keychain/keychain.ts';

export interface MemoryKeychain extends Keychain {
  /** By service and account, with a space between. */
  readonly entries: Map<string, string>;
  /** Every call so far, by its name. */
  readonly calls: string[];
  /** The answer of every call from now on; `withhold` answers reads as if it were empty. */
  state: KeychainFailure | 'open' | 'withhold';
}

/** A keychain in memory that behaves as the system's does. */
export function createMemoryKeychain(state: MemoryKeychain['state'] = 'open'): MemoryKeychain {
  const entries = new Map<string, string>();
  const calls: string[] = [];
  const nameOf = ({ service, account }: KeychainEntry) => `${service} ${account}`;
  const call = <T>(name: string, work: () => T): Promise<T | KeychainFailure> => {
    calls.push(name);
    return Promise.resolve(typeof keychain.state === 'object' ? keychain.state : work());
  };
  const keychain: MemoryKeychain = {
    entries,
    calls,
    state,
    warmUp: () => {
      calls.push('warmUp');
    },
    probe: () => call('probe', () => ({ state: 'ok', library: 'keytar' })),
    get: (entry) =>
      call('get', () => ({ state: 'ok', secret: keychain.state === 'open' ? entries.get(nameOf(entry)) : undefined })),
    set: (entry, secret) =>
      call('set', () => {
        entries.set(nameOf(entry), secret);
        return { state: 'ok' };
      }),
    delete: (entry) =>
      call('delete', () => {
        entries.delete(nameOf(entry));
        return { state: 'ok' };
      }),
    close: () => undefined,
  };
  return keychain;
}
