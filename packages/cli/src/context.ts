import { type SystemService, systemService } from './daemon/system-places.ts';
import { exitStatus } from './exit-status.ts';
import { createKeychain, type Keychain } from './keychain/keychain.ts';
import { type InputStream, type OutputStream, openStandardOutput } from './terminal/streams.ts';

/** The process as a command sees it; tests make their own. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Opened at first use: a command that does not read it never opens standard input. */
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly keychain: Keychain;
  readonly system: SystemService;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** End the process as Ctrl-C does. */
  readonly interrupt: () => void;
}

/** The context of the real process. */
export function createProcessContext(): Context {
  const env = process.env;
  let stdout: OutputStream | undefined;
  const keychain = createKeychain({ env });
  return {
    env,
    platform: process.platform,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      stdout ??= openStandardOutput();
      return stdout;
    },
    get stderr() {
      return process.stderr;
    },
    keychain,
    system: systemService,
    now: () => Date.now(),
    interrupt: () => {
      keychain.close();
      process.exit(exitStatus.interrupted);
    },
  };
}
