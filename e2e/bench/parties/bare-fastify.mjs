import { fileURLToPath } from 'node:url';
import { importOwnDependency } from './own-dependency.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

const file = fileURLToPath(import.meta.url);

const text = { type: 'string' };
/** The schema that the service has for its answer, so that both serialize it in the same way. */
const whoamiSchema = {
  type: 'object',
  properties: {
    user: {
      type: 'object',
      properties: { id: text, email: text, email_verified: { type: 'boolean' }, role: text, created_at: text },
    },
    session: {
      type: 'object',
      properties: { id: text, created_at: text, expires_at: text, methods: { type: 'array', items: text } },
    },
    token: { type: 'null' },
  },
};

/**
 * Starts Fastify routes that answer the bodies of `GET /profile`, `GET /whoami` and `GET /login`
 * and do nothing else: what the framework allows.
 *
 * @param {string} folder
 * @param {string} email
 * @param {object} [owner] the body of `GET /whoami`
 * @param {string} [page] the body of `GET /login`
 * @returns {Promise<Party>}
 */
export function startBareFastify(folder, email, owner = {}, page = '') {
  return startParty('bare-fastify', [file, 'serve', email, JSON.stringify(owner), page], { folder });
}

if (process.argv[1] === file && process.argv[2] === 'serve') {
  await serve(process.argv[3] ?? '', JSON.parse(process.argv[4] ?? '{}'), process.argv[5] ?? '');
}

/**
 * @param {string} email
 * @param {object} owner
 * @param {string} page
 */
async function serve(email, owner, page) {
  const fastify = await importOwnDependency('server', 'fastify');
  const server = fastify();
  const schema = { response: { 200: { type: 'object', properties: { email: { type: 'string' } } } } };
  server.get('/profile', { schema }, async () => ({ email }));
  server.get('/whoami', { schema: { response: { 200: whoamiSchema } } }, async () => owner);
  const sendPage = (/** @type {unknown} */ _request, /** @type {import('fastify').FastifyReply} */ reply) =>
    reply.type('text/html; charset=utf-8').send(page);
  server.get('/login', sendPage);
  process.stdout.write(`listening on ${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
}
