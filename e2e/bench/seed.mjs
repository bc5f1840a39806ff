import { createHash } from 'node:crypto';
import { authsvcDatabase, BCRYPT_COST, sessionCookie, startAuthsvc } from './parties/authsvc.mjs';
import { importInstalled } from './parties/installed.mjs';
import { importOwnDependency } from './parties/own-dependency.mjs';

const dayMs = 86_400_000;

/** The password of every account that is made here. */
export const password = 'a password of no particular person';

/** @param {number} index */
export function userEmail(index) {
  return `user-${index}@example.com`;
}

/**
 * The cookie of the session of the account with the same index.
 *
 * @param {number} index
 */
export function seededCookie(index) {
  return sessionCookie(seededToken(index));
}

/** One hash for all of them: a million would take days. */
export async function hashPassword() {
  const { hash } = await importOwnDependency('core', 'bcrypt');
  return hash(password, BCRYPT_COST);
}

/**
 * Makes a database of the service's own schema, with as many accounts as asked for and a session of
 * each.
 *
 * @param {string} folder the home of the service
 * @param {number} count
 * @param {string} passwordHash
 */
export async function seedAuthsvc(folder, count, passwordHash) {
  const service = await startAuthsvc(folder);
  await service.stop();
  const { default: Database } = await importInstalled('better-sqlite3');
  const database = new Database(authsvcDatabase(folder));
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF');
    // The indexes are built last, each in its own order: a table of a million rows then takes
    // seconds instead of minutes.
    const indexes = database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").all();
    for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);
    database.transaction(insertAccounts)(database, count, passwordHash, Date.now());
    for (const { sql } of indexes) database.exec(sql);
    database.exec('ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/**
 * @param {any} database
 * @param {number} count
 * @param {string} passwordHash
 * @param {number} now
 */
function insertAccounts(database, count, passwordHash, now) {
  const insertUser = database.prepare(
    'INSERT INTO users (id, email, email_key, password_hash, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertSession = database.prepare(
    'INSERT INTO sessions (token_digest, id, user_id, created_at, last_used_at, expires_at, address) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const createdAt = now - dayMs;
  for (let index = 0; index < count; index += 1) {
    insertUser.run(rowId(index), userEmail(index), userEmail(index), passwordHash, createdAt, createdAt);
  }
  const sessions = Array.from({ length: count }, (_, index) => ({ index, digest: digest(seededToken(index)) }));
  sessions.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  for (const [rank, { index, digest: tokenDigest }] of sessions.entries()) {
    // Last used some time in the last day, each at a time of its own.
    const lastUsedAt = createdAt + ((index * 7919) % dayMs);
    const expiresAt = createdAt + 30 * dayMs;
    insertSession.run(tokenDigest, rowId(rank), rowId(index), createdAt, lastUsedAt, expiresAt, '127.0.0.1');
  }
}

/**
 * A UUID of rising order.
 *
 * @param {number} index
 */
function rowId(index) {
  return `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** @param {number} index */
export function seededToken(index) {
  return createHash('sha256').update(`the session of user ${index}`).digest('base64url');
}

/** @param {string} token */
function digest(token) {
  return createHash('sha256').update(token).digest('base64url');
}
