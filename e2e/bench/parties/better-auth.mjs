import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

/**
 * Starts better-auth on `node:http` with better-sqlite3 in WAL mode and its rate limits off: what people would pick in this language.
 *
 * @param {string} folder
 * @param {'defaults' | 'cookie-cache'} variant
 * @returns {Promise<Party>}
 */
export function startBetterAuth(folder, variant) {
  const name = `better-auth-${variant}`;
  return startParty(name, [fileURLToPath(import.meta.url), 'serve', variant, join(folder, `${name}.db`)], {
    folder,
    env: { NODE_ENV: 'production', BETTER_AUTH_SECRET: randomBytes(32).toString('base64') },
  });
}

if (process.argv[2] === 'serve') await serve(process.argv[3] === 'cookie-cache', process.argv[4] ?? '');

/**
 * @param {boolean} cookieCache
 * @param {string} file
 */
async function serve(cookieCache, file) {
  const { default: Database } = await import('better-sqlite3');
  const { betterAuth } = await import('better-auth');
  const { getMigrations } = await import('better-auth/db/migration');
  const { toNodeHandler } = await import('better-auth/node');

  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const baseURL = `http://127.0.0.1:${address.port}`;

  const database = new Database(file);
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
