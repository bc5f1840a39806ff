const BLANKS_AROUND = /^[\s\p{Z}\p{Cc}\p{Cf}]+|[\s\p{Z}\p{Cc}\p{Cf}]+$/gu;

/**
 * Takes off what mails and pastes put around a secret that a machine made: blanks, line breaks and
 * zero-width characters.
 */
export function stripBlanks(secret: string): string {
  return secret.replace(BLANKS_AROUND, '');
}
