import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type KeychainFailure, readKeychainFailure } from './keychain-failure.ts';
import type { KeychainReply, KeychainRequest } from './keychain-protocol.ts';

/** Under which name a secret is kept. */
export interface KeychainEntry {
  readonly service: string;
  readonly account: string;
}

/** `secret` is there after a `get` that found an entry. */
export type KeychainAnswer = { readonly state: 'ok'; readonly secret?: string | undefined } | KeychainFailure;

/**
 * The keychain of the operating system, reached through a process of its own that is killed when it does not answer in time.
 *
 * No call throws: what went wrong is in the answer.
 */
export interface Keychain {
  /** Starts the helper process now, so that it gets ready while this one does other work. */
  warmUp(): void;
  /** Writes an entry and deletes it again, which is the only way to know that a secret could be saved. */
  probe(): Promise<KeychainAnswer>;
  /** A locked keyring answers as an empty one does: `ok` without a secret. */
  get(entry: KeychainEntry): Promise<KeychainAnswer>;
  set(entry: KeychainEntry, secret: string): Promise<KeychainAnswer>;
  delete(entry: KeychainEntry): Promise<KeychainAnswer>;
  /** Ends the helper process, if there is one. */
  close(): void;
}

export interface KeychainOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly helperPath?: string;
  /** For one call, milliseconds. An unlock prompt that nobody answers would otherwise hold the command for ever. */
  readonly limitMs?: number;
}

type Call = Omit<KeychainRequest, 'id'>;

/** Makes the keychain of this machine; no process is started before the first call or {@link Keychain.warmUp}. */
export function createKeychain({ env, helperPath, limitMs = 3000 }: KeychainOptions): Keychain {
  let helper: ChildProcess | undefined;
  let calls = 0;

  function start(): ChildProcess {
    if (helper?.connected) return helper;
    // Messages are told apart by their words, so they must not be translated. The session token is none of the helper's business.
    const { AUTHSVC_SESSION: _, ...rest } = env;
    helper = fork(helperPath ?? fileURLToPath(new URL('./keychain-helper.cjs', import.meta.url)), [], {
      env: { ...rest, LC_ALL: 'C.UTF-8', LANGUAGE: 'C' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return helper;
  }

  function call(request: Call): Promise<KeychainAnswer> {
    const child = start();
    calls += 1;
    const id = calls;
    return new Promise((resolve) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, limitMs);
      const settle = (answer: KeychainAnswer) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onEnd).off('error', onEnd);
        resolve(answer);
      };
      const onMessage = (reply: KeychainReply) => {
        if (reply.id === id) settle(readReply(reply));
      };
      // Waits for the process to be gone, so that no prompt stays open behind a command that has ended.
      const onEnd = () => {
        helper = undefined;
        settle(
          timedOut
            ? { state: 'locked', reason: `no answer within ${limitMs / 1000} s` }
            : { state: 'failed', reason: 'the process that asked it ended early' },
        );
      };
      child.on('message', onMessage).on('exit', onEnd).on('error', onEnd);
      child.send({ id, ...request } satisfies KeychainRequest, () => undefined);
    });
  }

  return {
    warmUp: () => {
      start();
    },
    probe: () => call({ operation: 'probe', service: 'authsvc', account: 'probe' }),
    get: (entry) => call({ operation: 'get', ...entry }),
    set: (entry, secret) => call({ operation: 'set', ...entry, secret }),
    delete: (entry) => call({ operation: 'delete', ...entry }),
    close: () => {
      helper?.kill('SIGKILL');
      helper = undefined;
    },
  };
}

function readReply({ loaded, error, secret }: KeychainReply): KeychainAnswer {
  if (error !== undefined) return readKeychainFailure({ loaded, error });
  return { state: 'ok', ...(secret !== undefined && { secret }) };
}
