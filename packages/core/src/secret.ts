import { createHash } from 'node:crypto';

/**
 * What is stored instead of a session token, a reset token or an email: SHA-256, base64url.
 *
 * A fast digest serves for tokens because they are random: there is nothing to guess.
 *
 * @see https://thecopenhagenbook.com/server-side-tokens
 */
export function digestSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
