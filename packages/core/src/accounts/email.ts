import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { AuthError } from '../errors.ts';

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Parse an email address: at most 254 characters, an unquoted ASCII local part of at most 64, and a
 * domain name (no IP address) that IDNA accepts.
 *
 * `+tag` is kept: two tags are two accounts.
 *
 * @param field the name of the input field.
 * @returns the address as it was typed, and the key by which two are compared: lower case, the
 * domain in its ASCII form.
 * @throws {@link AuthError} `invalid_request` with the field.
 * @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
 */
export function parseEmail(input: string, field = 'email'): { address: string; key: string } {
  const at = input.lastIndexOf('@');
  const local = input.slice(0, Math.max(at, 0));
  const typedDomain = input.slice(at + 1);
  // IDNA alone would drop soft hyphens and the like, and read '%' or '/' as parts of a URL.
  const domain = /^[\p{L}\p{M}\p{N}.-]+$/u.test(typedDomain) ? domainToASCII(typedDomain).toLowerCase() : '';

  if (
    input.length > 254 ||
    local.length > 64 ||
    !LOCAL_PART.test(local) ||
    domain.length > 253 ||
    isIP(domain) !== 0 ||
    !domain.split('.').every((label) => LABEL.test(label)) ||
    local.length + 1 + domain.length > 254
  ) {
    throw new AuthError('invalid_request', { field, message: `${field} must be an email address` });
  }
  return { address: input, key: `${local.toLowerCase()}@${domain}` };
}
