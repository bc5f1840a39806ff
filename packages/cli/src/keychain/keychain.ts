import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What reaches the keychain, by its package's name. Neither sees what the other saved (ADR 12). */
export type KeychainLibrary = 'keytar' | '@napi-rs/keyring';

/** One call to the keychain, as it is sent to the helper process. */
export interface KeychainRequest {
  readonly id: number;
  readonly operation: 'probe' | 'get' | 'set' | 'delete';
  readonly service: string;
  readonly account: string;
  /** Left out by `probe`: the first that can be loaded. */
  readonly library?: KeychainLibrary;
  /** Only for `set`. Sent over IPC, never in the arguments of a process. */
  readonly secret?: string | undefined;
}

export interface KeychainReply {
  readonly id: number;
  /** Only for `get`, and only when there is an entry. */
  readonly secret?: string;
  /** What was used; left out if it could not be loaded. */
  readonly library?: KeychainLibrary;
  /** The error's message. */
  readonly error?: string;
}

/** The name of a secret. */
export interface KeychainEntry {
  readonly service: string;
  readonly account: string;
  /** What saved it, or is to save it. */
  readonly library: KeychainLibrary;
}

/** `secret` is set after a `get` that found an entry. */
export type KeychainAnswer = { readonly state: 'ok'; readonly secret?: string | undefined } | KeychainFailure;

/** `library` is what entries are to be saved with. */
export type KeychainProbe = { readonly state: 'ok'; readonly library: KeychainLibrary } | KeychainFailure;

/**
 * The system keychain, called in a helper process that is killed when it does not answer in time.
 *
 * No call throws: the answer holds the failure.
 */
export interface Keychain {
  /** Start the helper process now, so that it gets ready while this one does other work. */
  warmUp(): void;
  /** Write an entry and delete it, the only way to know that a secret could be saved. */
  probe(): Promise<KeychainProbe>;
  /** Through keytar, a locked keyring answers as an empty one does: `ok` without a secret. */
  get(entry: KeychainEntry): Promise<KeychainAnswer>;
  set(entry: KeychainEntry, secret: string): Promise<KeychainAnswer>;
  delete(entry: KeychainEntry): Promise<KeychainAnswer>;
  /** Ends the helper process, if there is one. */
  close(): void;
}

interface KeychainOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly helperPath?: string;
  /** For one call, milliseconds: an unlock prompt without an answer would block forever. */
  readonly limitMs?: number;
}

type Call = Omit<KeychainRequest, 'id'>;
type Done = Extract<KeychainProbe, { state: 'ok' }> & Pick<KeychainReply, 'secret'>;

/** Starts no process before the first call or {@link Keychain.warmUp}. */
export function createKeychain({ env, helperPath, limitMs = 3000 }: KeychainOptions): Keychain {
  let helper: ChildProcess | undefined;
  let calls = 0;

  function start(): ChildProcess {
    if (helper?.connected) return helper;
    // Untranslated, since errors are recognised by their text. The helper needs no session token.
    const { AUTHSVC_SESSION: _, ...rest } = env;
    helper = fork(helperPath ?? fileURLToPath(new URL('./keychain-helper.cjs', import.meta.url)), [], {
      env: { ...rest, LC_ALL: 'C.UTF-8', LANGUAGE: 'C' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return helper;
  }

  function call(request: Call): Promise<Done | KeychainFailure> {
    const child = start();
    calls += 1;
    const id = calls;
    return new Promise((resolve) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, limitMs);
      const settle = (answer: Done | KeychainFailure) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onEnd).off('error', onEnd);
        resolve(answer);
      };
      const onMessage = (reply: KeychainReply) => {
        if (reply.id === id) settle(readReply(reply, request));
      };
      // Wait until the process has exited, so that no prompt outlives the command.
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

function readReply({ library, error, secret }: KeychainReply, { library: wanted }: Call): Done | KeychainFailure {
  if (library === undefined) {
    const missing = wanted === undefined ? 'neither keytar nor @napi-rs/keyring can' : `${wanted} cannot`;
    return { state: 'absent', reason: `${missing} be loaded` };
  }
  if (error !== undefined) return readKeychainFailure(error);
  return { state: 'ok', library, ...(secret !== undefined && { secret }) };
}

/** Why a call failed. */
export interface KeychainFailure {
  /**
   * `absent`: this machine has no keychain, so there is nothing to bypass. `locked`: it has one,
   * which stayed locked. `failed`: it has one, which returned an error.
   */
  readonly state: 'absent' | 'locked' | 'failed';
  /** A few words, to be shown in parentheses. */
  readonly reason: string;
}

const noSecretService =
  /autolaunch D-Bus|dbus-daemon autolaunch|dbus-launch|not provided by any \.service files|StartServiceByName|Could not connect|Failed to connect to socket|given address is empty|machine-id|Connection refused|Unknown or unsupported transport|Unknown address type|does not contain a colon|'=' character not found/i;
const lockedKeyring = /locked collection|is locked|IsLocked|user interaction is not allowed|dismissed/i;
/** \@napi-rs/keyring waits 2 s for the Secret Service itself, which is less than our limit. */
const noReply = /Did not receive a reply/i;
const noKeyring = /Object does not exist at path|no result found/i;

/**
 * Classify an error by its text: the libraries drop the name of the D-Bus error. An unknown error
 * counts as `failed`, so that it never bypasses a keychain.
 */
export function readKeychainFailure(error: string): KeychainFailure {
  if (noSecretService.test(error)) return { state: 'absent', reason: 'no Secret Service on D-Bus' };
  if (lockedKeyring.test(error)) return { state: 'locked', reason: 'it asked to be unlocked' };
  if (noReply.test(error)) return { state: 'locked', reason: 'no answer' };
  if (noKeyring.test(error)) return { state: 'failed', reason: 'it has no keyring to keep anything in' };
  return { state: 'failed', reason: error };
}
