import { object, type Properties, type Schema, text } from './schema.ts';
import type { WireErrorCode } from './status-codes.ts';

/** What the contract says of one request. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** The codes that its rules may refuse with; with `unauthenticated`, it needs a session. */
  readonly refusals?: readonly WireErrorCode[];
  /** What a refusal says beside its code and message, by its code. */
  readonly refused?: Readonly<Partial<Record<WireErrorCode, Properties>>>;
  /** A missing session is 401 with `WWW-Authenticate`, and not 403. */
  readonly challenges?: true;
  readonly params?: Schema;
  readonly body?: Schema;
  readonly response: { readonly 200: Schema };
}

// The rules decide which emails and passwords are valid; these bounds limit their work.
export const email = text(254);
export const password = text(1024);
export const string = { type: 'string' } as const;
export const uuid = { type: 'string', format: 'uuid' } as const;
export const time = { type: 'string', format: 'date-time' } as const;
export const credentials = object({ email, password });
/** Six digits, or a recovery code. */
export const code = text(128);
export const recoveryCodes = { type: 'array', items: string } as const;
/** How a change is refused that asks for the password and, with a factor, for a code. */
export const confirmation = [
  'invalid_credentials',
  'second_factor_required',
  'invalid_code',
  'unauthenticated',
  'rate_limited',
  'overloaded',
  'database_unavailable',
] as const;

export function said<const Text extends string>(message: Text) {
  return { type: 'string', const: message } as const;
}
