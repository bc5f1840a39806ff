import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { importOwnDependency } from './own-dependency.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

const file = fileURLToPath(import.meta.url);

/**
 * Starts a Fastify route that answers `GET /profile` with one read through Knex and `sqlite3` a
 * request, and remembers nothing: what the database allows.
 *
 * @param {string} folder
 * @param {string} database a database of the service's
 * @returns {Promise<Party>}
 */
export function startOneRead(folder, database) {
  return startParty('one-read', [file, 'serve', database], { folder });
}

if (process.argv[1] === file && process.argv[2] === 'serve') await serve(process.argv[3] ?? '');

/** @param {string} database */
async function serve(database) {
  const fastify = await importOwnDependency('server', 'fastify');
  const createKnex = await importOwnDependency('core', 'knex');
  const knex = createKnex({
    client: 'sqlite3',
    connection: { filename: database },
    useNullAsDefault: true,
    // As many as the service has; with Knex's default of one, requests wait for each other.
    pool: { min: 0, max: 4 },
  });
  const server = fastify();
  const schema = { response: { 200: { type: 'object', properties: { email: { type: 'string' } } } } };
  server.get('/profile', { schema }, async (/** @type {any} */ request, /** @type {any} */ reply) => {
    const token = /session_id=([^;]*)/.exec(request.headers.cookie)?.[1] ?? '';
    const digest = createHash('sha256').update(token).digest('base64url');
    const session = await knex('sessions')
      .join('users', 'users.id', 'sessions.user_id')
      .where('sessions.token_digest', digest)
      .first('users.email', 'sessions.expires_at');
    return session ? { email: session.email } : reply.code(403).send();
  });
  process.stdout.write(`listening on ${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
}
