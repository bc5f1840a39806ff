import { createHmac } from 'node:crypto';
import { compareSync, getRounds, hashSync } from 'bcrypt';

/** bcrypt reads no further than this, silently. */
const BCRYPT_MAX_BYTES = 72;
/** PHP's name for what others call `$2b$`; bcrypt's own code refuses it. */
const PHP_TAG = /^\$2y\$/;
const LONG_PASSWORD_TAG = '{hmac-sha384+bcrypt}';
const LONG_PASSWORD_LABEL = 'authsvc password longer than bcrypt reads, version 1';

/**
 * Hashes a password: up to 72 bytes as plain `$2b$`, so that hashes of other systems and of this one are alike; beyond, its HMAC-SHA-384 under a tag of its own,
 * so that every byte counts. The label keeps the digest from being one that leaked elsewhere.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pre-hashing-passwords-with-bcrypt
 */
export function hashPassword(password: string, cost: number): string {
  return isLong(password) ? LONG_PASSWORD_TAG + hashSync(condense(password), cost) : hashSync(password, cost);
}

/** Compares a password with a hash of either scheme. Takes one bcrypt comparison even where the scheme alone tells that they differ. */
export function verifyPassword(password: string, passwordHash: string): boolean {
  const wasLong = passwordHash.startsWith(LONG_PASSWORD_TAG);
  const bcryptHash = withoutTag(passwordHash).replace(PHP_TAG, '$2b$');
  const matches = compareSync(isLong(password) ? condense(password) : password, bcryptHash);
  return matches && wasLong === isLong(password);
}

/** The bcrypt cost of a hash of either scheme. */
export function hashCost(passwordHash: string): number {
  return getRounds(withoutTag(passwordHash));
}

function withoutTag(passwordHash: string): string {
  return passwordHash.startsWith(LONG_PASSWORD_TAG) ? passwordHash.slice(LONG_PASSWORD_TAG.length) : passwordHash;
}

function isLong(password: string): boolean {
  return Buffer.byteLength(password) > BCRYPT_MAX_BYTES;
}

function condense(password: string): string {
  return createHmac('sha384', LONG_PASSWORD_LABEL).update(password).digest('base64');
}

/** The most that a hash from elsewhere may cost: one of cost 31 would keep a worker busy for days. */
const MAX_IMPORTED_COST = 16;

/** Why a hash from elsewhere cannot be verified here, as a sentence; undefined when it can. */
export function problemWithHash(passwordHash: string): string | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(withoutTag(passwordHash));
  if (!match) return 'not a bcrypt hash ($2a$, $2b$ or $2y$)';
  const cost = Number(match[1]);
  return cost < 4 || cost > MAX_IMPORTED_COST
    ? `a bcrypt cost of ${cost} is outside 4 to ${MAX_IMPORTED_COST}`
    : undefined;
}
