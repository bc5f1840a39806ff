/** Where a request came from, as far as it is known. */
export interface Client {
  /** The IP address of the peer, or of the client behind a trusted proxy. */
  readonly address: string;
  readonly userAgent: string | undefined;
}
