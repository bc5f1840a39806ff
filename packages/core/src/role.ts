import { AuthError } from './errors.ts';

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
