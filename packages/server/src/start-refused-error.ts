/** Why the daemon does not start: one sentence that names what is in the way. */
export class StartRefusedError extends Error {
  override readonly name = 'StartRefusedError';
}
