import { parseEmail } from '../accounts/email.ts';
import { AuthError, type PasswordProblem } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';

/**
 * At least 64 must be accepted; a limit bounds the work of normalizing.
 *
 * @see https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
 */
export const PASSWORD_MAX_LENGTH = 256;

/**
 * Normalize a password to NFC, so that the same characters typed on two keyboards are one password.
 */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

/**
 * Check a new password, and return it as it is to be hashed.
 *
 * @param field the name of the input field.
 * @throws {@link AuthError} `password_rejected`, with the reason: too short, too long, not Unicode,
 * the account's own email, or a common password.
 * @see https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
 */
export async function admitNewPassword(
  ports: Pick<AuthPorts, 'commonPasswords' | 'policy'>,
  password: string,
  emailKey: string,
  field = 'password',
): Promise<string> {
  const { minLength } = ports.policy.password;
  const reject = (passwordProblem: PasswordProblem, message: string) =>
    new AuthError('password_rejected', { field, passwordProblem, message });
  // bcrypt would read every lone surrogate as U+FFFD, so that two passwords would be one.
  if (!password.isWellFormed()) throw reject('not_unicode', 'the password contains characters that are not Unicode');

  const normalized = normalizePassword(password);
  const length = [...normalized].length;
  if (length < minLength) throw reject('too_short', `the password is too short: at least ${minLength} characters`);
  if (length > PASSWORD_MAX_LENGTH) {
    throw reject('too_long', `the password is too long: at most ${PASSWORD_MAX_LENGTH} characters`);
  }

  const folded = normalized.toLowerCase();
  if (isAddress(normalized, emailKey) || folded === emailKey.slice(0, emailKey.lastIndexOf('@'))) {
    throw reject('own_email', 'the password must not be the email address or the part before its @');
  }
  if (await ports.commonPasswords.includes(folded)) {
    throw reject('common', 'the password is one of the most common ones, which are tried first');
  }
  return normalized;
}

/** Whether a password is an address in any of the ways in which it can be typed. */
function isAddress(password: string, emailKey: string): boolean {
  try {
    return parseEmail(password).key === emailKey;
  } catch {
    return false;
  }
}
