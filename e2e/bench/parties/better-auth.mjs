import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustPost } from '../load/post.mjs';
import { importInstalled } from './installed.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

const file = fileURLToPath(import.meta.url);

/**
 * Starts better-auth on `node:http` with better-sqlite3 in WAL mode and its rate limits off: what
 * people would pick in this language.
 *
 * @param {string} folder
 * @param {'defaults' | 'cookie-cache'} variant
 * @returns {Promise<Party>}
 */
export function startBetterAuth(folder, variant) {
  const name = `better-auth-${variant}`;
  return startParty(name, [file, 'serve', variant, join(folder, `${name}.db`)], {
    folder,
    env: { NODE_ENV: 'production', BETTER_AUTH_SECRET: randomBytes(32).toString('base64') },
  });
}

/**
 * @param {string} url of the party
 * @param {string} email
 * @param {string} password
 */
export function signUp(url, email, password) {
  return mustPost(`${url}/api/auth/sign-up/email`, { email, password, name: email });
}

/**
 * @param {string} url of the party
 * @param {string} email
 * @param {string} password
 * @returns {Promise<string>} the cookies of a new session, as a request sends them
 */
export async function signIn(url, email, password) {
  const { cookies } = await mustPost(`${url}/api/auth/sign-in/email`, { email, password });
  return cookies.join('; ');
}

if (process.argv[1] === file && process.argv[2] === 'serve')
  await serve(process.argv[3] === 'cookie-cache', process.argv[4] ?? '');

/**
 * @param {boolean} cookieCache
 * @param {string} databaseFile
 */
async function serve(cookieCache, databaseFile) {
  const { default: Database } = await importInstalled('better-sqlite3');
  const { betterAuth } = await importInstalled('better-auth');
  const { getMigrations } = await importInstalled('better-auth/db/migration');
  const { toNodeHandler } = await importInstalled('better-auth/node');

  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const baseURL = `http://127.0.0.1:${address.port}`;

  const database = new Database(databaseFile);
  database.pragma('journal_mode = WAL');
  const auth = betterAuth({
    baseURL,
    database,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    ...(cookieCache && { session: { cookieCache: { enabled: true, maxAge: 300 } } }),
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  server.on('request', toNodeHandler(auth));
  process.stdout.write(`listening on ${baseURL}\n`);
}
