import { AuthError } from '../errors.ts';

/** The role of an account for which an operator has set none. */
export const DEFAULT_ROLE = 'user';

/** An account. Times are milliseconds since the Unix epoch. */
export interface User {
  /** A random UUID. */
  readonly id: string;
  /** The address as it was registered. */
  readonly email: string;
  /** The form of the address that identifies an account; see {@link parseEmail}. */
  readonly emailKey: string;
  /** Says its scheme and cost; see the hasher. */
  readonly passwordHash: string;
  /** Set by an operator for the applications; the service itself gives it no meaning. */
  readonly role: string;
  /** Whether someone has shown that they read this address; a new address is not verified. */
  readonly emailVerified: boolean;
  /** Since when a login needs a code too. */
  readonly secondFactorAt: number | undefined;
  readonly disabledAt: number | undefined;
  /** Since the owner said “not me”: no one logs in before a reset by mail. */
  readonly lockedAt: number | undefined;
  /** Since when complete logins are noted; missing before the first. */
  readonly noticedSince: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Whether no one may log in to it. */
export function isShut({ disabledAt, lockedAt }: Pick<User, 'disabledAt' | 'lockedAt'>): boolean {
  return disabledAt !== undefined || lockedAt !== undefined;
}

const ROLE = /^[a-z][a-z0-9_-]{0,31}$/;

/**
 * Checks the name of a role: a lower-case letter, then at most 31 letters, digits, `_` or `-`.
 *
 * @throws {@link AuthError} `invalid_request` with the field `role`.
 */
export function parseRole(text: string): string {
  if (ROLE.test(text)) return text;
  const message = 'a role is a lower-case letter, then at most 31 of a-z, 0-9, _ and -';
  throw new AuthError('invalid_request', { field: 'role', message });
}
