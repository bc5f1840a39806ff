/** A database that must not be opened; the message is one sentence that names it. */
export class DatabaseRefusedError extends Error {
  override readonly name = 'DatabaseRefusedError';
}
