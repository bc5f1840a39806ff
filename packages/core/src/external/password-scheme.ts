import { createHmac } from 'node:crypto';
import { compareSync, getRounds, hashSync } from 'bcrypt';
import { normalizePassword } from '../passwords/password-rules.ts';

/** bcrypt silently ignores all bytes after these. */
const BCRYPT_MAX_BYTES = 72;
/** PHP's name for what others call `$2b$`; bcrypt's own code refuses it. */
const PHP_TAG = /^\$2y\$/;
const CONDENSED_TAG = '{hmac-sha384+bcrypt}';
const LONG_PASSWORD_LABEL = 'authsvc password longer than bcrypt reads, version 1';
/**
 * Marks a hash from elsewhere, as other systems do too: bcrypt of the password as it was typed, of
 * which it reads 72 bytes.
 */
const FOREIGN_TAG = '{bcrypt}';
/**
 * Versions that this service never makes: such a hash is foreign even without a tag, as version
 * 1.0.0 imported it.
 */
const FOREIGN_VERSION = /^\$2[ay]\$/;

/**
 * Hashes a password. Up to 72 bytes without a NUL, that is plain `$2b$`. A longer one would lose
 * its end, and bcrypt repeats a password with a NUL after it, so that `p` and `p\0p` would be the
 * same. Such a password is hashed as its HMAC-SHA-384, under a tag of its own: every byte counts.
 * The label makes it differ from any digest that leaked elsewhere.
 *
 * @param password in NFC.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
export function hashPassword(password: string, cost: number): string {
  return isCondensed(password) ? CONDENSED_TAG + hashSync(condense(password), cost) : hashSync(password, cost);
}

/**
 * Compares a password, as it was typed, with a hash, in the way in which the hash was made. The
 * number of comparisons depends only on what was typed: one, or two if that is not in NFC, since a
 * hash from elsewhere may be of the password as typed.
 */
export function verifyPassword(typed: string, passwordHash: string): boolean {
  const bcryptHash = withoutTag(passwordHash).replace(PHP_TAG, '$2b$');
  const password = normalizePassword(typed);
  const matchesAsTyped = typed !== password && compareSync(typed, bcryptHash);
  if (isForeign(passwordHash)) {
    // No other system accepts a NUL, and to bcrypt `p\0p` is the same as `p`.
    return (compareSync(password, bcryptHash) || matchesAsTyped) && !typed.includes('\0');
  }
  const matches = compareSync(isCondensed(password) ? condense(password) : password, bcryptHash);
  return matches && passwordHash.startsWith(CONDENSED_TAG) === isCondensed(password);
}

/** The bcrypt cost of a hash of any scheme. */
export function hashCost(passwordHash: string): number {
  return getRounds(withoutTag(passwordHash));
}

/** Whether a hash was made elsewhere; it is replaced at the first login. */
export function isForeign(passwordHash: string): boolean {
  return passwordHash.startsWith(FOREIGN_TAG) || FOREIGN_VERSION.test(passwordHash);
}

/** A hash in the form that other systems accept. */
export function exportedHash(passwordHash: string): string {
  return passwordHash.startsWith(FOREIGN_TAG) ? passwordHash.slice(FOREIGN_TAG.length) : passwordHash;
}

function withoutTag(passwordHash: string): string {
  const tag = [CONDENSED_TAG, FOREIGN_TAG].find((known) => passwordHash.startsWith(known)) ?? '';
  return passwordHash.slice(tag.length);
}

function isCondensed(password: string): boolean {
  return Buffer.byteLength(password) > BCRYPT_MAX_BYTES || password.includes('\0');
}

function condense(password: string): string {
  return createHmac('sha384', LONG_PASSWORD_LABEL).update(password).digest('base64');
}

/** The maximum cost of an imported hash: one of cost 31 would keep a worker busy for days. */
const MAX_IMPORTED_COST = 16;
/** What Django and Spring put before a hash. */
const FOREIGN_PREFIX = /^(bcrypt\$|\{bcrypt\})(?=\$)/;

/** Takes in a hash from elsewhere, as it is kept here; a `problem` is a sentence. */
export function adoptHash(given: string): { readonly passwordHash: string } | { readonly problem: string } {
  const isOurs = given.startsWith(CONDENSED_TAG);
  const bare = isOurs ? given.slice(CONDENSED_TAG.length) : given.replace(FOREIGN_PREFIX, '');
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(bare);
  if (!match) return { problem: 'not a bcrypt hash ($2a$, $2b$ or $2y$)' };
  const cost = Number(match[1]);
  if (cost < 4 || cost > MAX_IMPORTED_COST) {
    return { problem: `a bcrypt cost of ${cost} is outside 4 to ${MAX_IMPORTED_COST}` };
  }
  return { passwordHash: (isOurs ? CONDENSED_TAG : FOREIGN_TAG) + bare };
}
