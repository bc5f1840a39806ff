import type { KeychainLibrary, KeychainReply, KeychainRequest } from './keychain.ts';

// CommonJS, which starts sooner: a person waits for this process.

// A call that waits for an unlock prompt blocks a pool thread, and process.exit() would wait for it
// forever.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/** The calls that both libraries have. */
interface Library {
  get(service: string, account: string): Promise<string | null>;
  set(service: string, account: string, secret: string): Promise<void>;
  delete(service: string, account: string): Promise<unknown>;
}

/** In the order in which they are tried. */
const loaders: Readonly<Record<KeychainLibrary, () => Library>> = {
  keytar: loadKeytar,
  '@napi-rs/keyring': loadKeyring,
};
const loaded = new Map<KeychainLibrary, Library | undefined>();
const names = Object.keys(loaders) as KeychainLibrary[];
const preferred = names.find((name) => load(name) !== undefined);

process.on('message', async (request: KeychainRequest) => {
  const reply = await answer(request);
  process.send?.(reply);
});

async function answer(request: KeychainRequest): Promise<KeychainReply> {
  const { id, library: name = preferred } = request;
  const library = name && load(name);
  if (!library) return { id };
  try {
    const secret = await perform(library, request);
    return { id, library: name, ...(secret !== null && { secret }) };
  } catch (error) {
    return { id, library: name, error: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(library: Library, request: KeychainRequest): Promise<string | null> {
  const { operation, service, account, secret } = request;
  switch (operation) {
    case 'get':
      return await library.get(service, account);
    case 'set':
      await library.set(service, account, secret ?? '');
      return null;
    case 'delete':
      await library.delete(service, account);
      return null;
    case 'probe':
      // Only a write shows it: a locked keyring answers reads as an empty one does.
      await library.set(service, account, 'authsvc was here');
      await library.delete(service, account);
      return null;
  }
}

/** @returns `undefined` where it cannot be loaded. */
function load(name: KeychainLibrary): Library | undefined {
  if (!loaded.has(name)) {
    try {
      loaded.set(name, loaders[name]());
    } catch {
      loaded.set(name, undefined);
    }
  }
  return loaded.get(name);
}

function loadKeytar(): Library {
  const keytar: typeof import('keytar') = require('keytar');
  return { get: keytar.getPassword, set: keytar.setPassword, delete: keytar.deletePassword };
}

function loadKeyring(): Library {
  const { AsyncEntry }: typeof import('@napi-rs/keyring') = require('@napi-rs/keyring');
  const open = (service: string, account: string) =>
    // Without the suffix both libraries name an entry alike on macOS, and would delete the other's.
    new AsyncEntry(`${service} (keyring)`, account, {
      // By default it falls back to the kernel's keyring, which does not outlive a reboot.
      linux: { store: 'secret-service' },
    });
  return {
    get: (service, account) => open(service, account).getPassword(),
    set: (service, account, secret) => open(service, account).setPassword(secret),
    delete: (service, account) => open(service, account).deleteCredential(),
  };
}
