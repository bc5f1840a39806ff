import { fileURLToPath } from 'node:url';
import { importOwnDependency } from './own-dependency.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

const file = fileURLToPath(import.meta.url);

/**
 * Starts a Fastify route that answers the body of `GET /profile` and does nothing else: what the framework allows.
 *
 * @param {string} folder
 * @param {string} email
 * @returns {Promise<Party>}
 */
export function startBareFastify(folder, email) {
  return startParty('bare-fastify', [file, 'serve', email], { folder });
}

if (process.argv[1] === file && process.argv[2] === 'serve') await serve(process.argv[3] ?? '');

/** @param {string} email */
async function serve(email) {
  const fastify = await importOwnDependency('server', 'fastify');
  const server = fastify();
  const schema = { response: { 200: { type: 'object', properties: { email: { type: 'string' } } } } };
  server.get('/profile', { schema }, async () => ({ email }));
  process.stdout.write(`listening on ${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
}
