import type { WireErrorCode } from '@authsvc/client/contract';
import type { AuthErrorCode } from '@authsvc/core';

/** What HTTP itself can refuse, beside what the rules refuse. */
export type HttpErrorCode = Exclude<WireErrorCode, AuthErrorCode> | 'not_found';

/** A refusal by HTTP itself, beside those of the rules. The message is a sentence for whoever sent the request. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** Sent with the refusal, as `Allow` is with a 405. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}
