import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './own-dependency.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

/** The file behind the installed command. */
export const authsvcFile = join(root, 'packages', 'cli', 'bin', 'authsvc.js');

/** The daemon's own default, which is not changed here. */
export const BCRYPT_COST = 12;

/**
 * Starts this service with its default settings and log level, on a free port.
 *
 * @param {string} folder its home; the data folder is in it
 * @param {Record<string, string>} [settings] beyond those
 * @returns {Promise<Party>}
 */
export function startAuthsvc(folder, settings = {}) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return startParty('authsvc', [authsvcFile, 'serve'], { folder, env: { ...authsvcEnvironment(folder), ...settings } });
}

/**
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function authsvcEnvironment(folder) {
  return { AUTHSVC_DATA_DIR: join(folder, 'data'), AUTHSVC_LISTEN_PORT: '0' };
}

/** @param {string} folder as given to {@link startAuthsvc} */
export function authsvcDatabase(folder) {
  return join(folder, 'data', 'authsvc.db');
}

/** @param {string} token */
export function sessionCookie(token) {
  return `session_id=${token}`;
}
