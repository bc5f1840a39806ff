import { hash } from 'node:crypto';

/**
 * What is stored instead of a session token, a reset token or an email: SHA-256, base64url.
 *
 * A fast digest serves for tokens because they are random: there is nothing to guess.
 *
 * @see https://thecopenhagenbook.com/server-side-tokens
 */
export function digestSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

const BLANKS_AROUND = /^[\s\p{Z}\p{Cc}\p{Cf}]+|[\s\p{Z}\p{Cc}\p{Cf}]+$/gu;

/**
 * Removes what mail programs and pasting put around a generated secret: blanks, line
 * breaks and zero-width characters.
 */
export function stripBlanks(secret: string): string {
  return secret.replace(BLANKS_AROUND, '');
}
