import { type ApiClient, createApiClient } from '@authsvc/client';
import { resolveStateFolder } from '@authsvc/client/folders';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import type { AccountIndex } from '../session-store/account-index.ts';
import { createDeviceStore, type DeviceStore } from '../session-store/device-store.ts';
import { createSessionStore, type SessionStore } from '../session-store/session-store.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';
import { assertSafeForSecrets, DEFAULT_SERVER, parseServerUrl } from './server-url.ts';
import { createTransport } from './service-errors.ts';

/** What nearly every command works with. */
export interface CommandSetup {
  readonly terminal: Terminal;
  readonly store: SessionStore;
  readonly devices: DeviceStore;
  /** An origin, perhaps with a path. */
  readonly server: string;
  readonly client: ApiClient;
}

/**
 * Choose the server and make a client for it; nothing is sent yet.
 *
 * @throws {@link CliError} `usage`: not a server's address. `insecure_url`: plain http to another
 * machine.
 */
export async function prepareCommand(context: Context, options: GlobalOptions): Promise<CommandSetup> {
  const terminal = await createTerminal(context, options);
  const stateFolder = resolveStateFolder(context.env, context.platform);
  const store = createSessionStore(context.keychain, stateFolder);
  const server = chooseServer(context.env, options, store.index);
  assertSafeForSecrets(server, options.insecureHttp === true);
  return {
    terminal,
    store,
    devices: createDeviceStore(context.keychain, stateFolder),
    server,
    client: createApiClient({ server, transport: createTransport(context), debug: terminal.debug }),
  };
}

/** The first of: the option, the variable, the server used last, the default. */
export function chooseServer(env: Context['env'], options: GlobalOptions, index: () => AccountIndex): string {
  if (options.url !== undefined) return parseServerUrl(options.url, '--url');
  if (env.AUTHSVC_URL) return parseServerUrl(env.AUTHSVC_URL, 'AUTHSVC_URL');
  // A token from the environment need not be of the server used last.
  if (env.AUTHSVC_SESSION) return DEFAULT_SERVER;
  return index().current?.server ?? DEFAULT_SERVER;
}
