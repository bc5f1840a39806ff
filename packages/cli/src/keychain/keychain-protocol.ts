/** One call to the keychain, as it travels to the process that makes it. */
export interface KeychainRequest {
  readonly id: number;
  readonly operation: 'probe' | 'get' | 'set' | 'delete';
  readonly service: string;
  readonly account: string;
  /** Only for `set`. Travels over the IPC channel, never in the arguments of a process. */
  readonly secret?: string | undefined;
}

export interface KeychainReply {
  readonly id: number;
  /** Only for `get`, and only when there is an entry. */
  readonly secret?: string;
  /** Whether keytar and the library beneath it could be loaded at all. */
  readonly loaded: boolean;
  /** The words of what went wrong. */
  readonly error?: string;
}
