import type { WireErrorCode } from '@authsvc/client/contract';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { FORM_TYPE, JSON_TYPE } from '../requests.ts';

/** A request that must be refused. */
export interface BadRequest {
  readonly request: InjectOptions;
  /** The address that it carries, where that is a good one: its owner can still register. */
  readonly email?: string;
}

/** One way of being wrong, and what it is refused with. */
export interface BadRequestKind {
  readonly what: string;
  readonly requests: fc.Arbitrary<BadRequest>;
  readonly codes: readonly WireErrorCode[];
}

/** The account that nothing may happen to. */
export interface Owner {
  readonly email: string;
  readonly password: string;
  /** Its open session. */
  readonly cookie: string;
}

/** In every secret that is sent: no answer and no log holds it. */
export const CANARY = 'canary-in-a-secret';

/** A request that would succeed, or be refused for its secrets alone. */
export interface Right {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly email: string;
}

const newPassword = `${CANARY} of a new password`;
const token = `${CANARY} of a token`;

/** A right request to each endpoint that takes a body, with an address of its own. */
export function rightRequests({ password }: Owner) {
  const right = (method: Right['method'], url: string, fields: (email: string) => Right['fields']) =>
    fc.nat({ max: 1e9 }).map((number): Right => {
      const email = `refused-${number}@example.com`;
      return { method, url, fields: fields(email), email };
    });
  return {
    register: right('POST', '/users', (email) => ({ email, password: newPassword })),
    logIn: right('POST', '/sessions', (email) => ({ email, password: newPassword })),
    askReset: right('POST', '/reset_password', (email) => ({ email })),
    reset: right('PUT', '/reset_password', (email) => ({ email, reset_token: token, new_password: newPassword })),
    changePassword: right('PUT', '/profile/password', () => ({
      current_password: password,
      new_password: newPassword,
    })),
    changeEmail: right('PUT', '/profile/email', (email) => ({ password, new_email: email })),
    deleteAccount: right('DELETE', '/profile', () => ({ password })),
  };
}

/** A right request but for one thing, with the owner's session. */
export function spoiled(
  owner: Owner,
  right: fc.Arbitrary<Right>,
  spoil: (right: Right) => fc.Arbitrary<Pick<InjectOptions, 'payload' | 'headers'>>,
): fc.Arbitrary<BadRequest> {
  return right.chain(({ method, url, fields, email }) =>
    spoil({ method, url, fields, email }).map(({ payload, headers }) => ({
      email,
      request: {
        method,
        url,
        ...(payload !== undefined && { payload }),
        headers: { cookie: owner.cookie, ...headers },
      },
    })),
  );
}

export const asJson = (fields: object) => ({ payload: JSON.stringify(fields), headers: JSON_TYPE });
export const asForm = (payload: string | Buffer) => ({ payload, headers: FORM_TYPE });

/** Text of whatever Unicode has, NUL included, and of halves of characters. */
export const anyText = (length: { readonly minLength?: number; readonly maxLength: number }) =>
  fc.oneof(
    fc.string({ unit: 'binary', ...length }),
    fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\0', 'x', '\u{1f511}', "'", '%', '\ufeff'), ...length }),
  );
