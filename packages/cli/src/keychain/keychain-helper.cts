import type { KeychainReply, KeychainRequest } from './keychain.ts';

// CommonJS, which starts sooner: a person waits for this process.

// A call that waits for an unlock prompt blocks a pool thread, and process.exit() would wait for it
// forever.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const loading = loadKeytar();

process.on('message', async (request: KeychainRequest) => {
  const reply = await answer(request);
  process.send?.(reply);
});

async function answer(request: KeychainRequest): Promise<KeychainReply> {
  const { id } = request;
  if (typeof loading === 'string') return { id, loaded: false, error: loading };
  try {
    const secret = await perform(loading, request);
    return { id, loaded: true, ...(secret !== null && { secret }) };
  } catch (error) {
    return { id, loaded: true, error: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(keytar: typeof import('keytar'), request: KeychainRequest): Promise<string | null> {
  const { operation, service, account, secret } = request;
  switch (operation) {
    case 'get':
      return await keytar.getPassword(service, account);
    case 'set':
      await keytar.setPassword(service, account, secret ?? '');
      return null;
    case 'delete':
      await keytar.deletePassword(service, account);
      return null;
    case 'probe':
      // Only a write shows it: a locked keyring answers reads as an empty one does.
      await keytar.setPassword(service, account, 'authsvc was here');
      await keytar.deletePassword(service, account);
      return null;
  }
}

function loadKeytar(): typeof import('keytar') | string {
  try {
    return require('keytar');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
