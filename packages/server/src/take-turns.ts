import type { FastifyInstance } from 'fastify';

/**
 * Begins with a request once those before it on the same connection are answered. Node hands them out as they arrive and keeps only the answers in order, so that one
 * sent behind a logout, without waiting for its answer, would still meet the open session.
 */
export function addTurns(server: FastifyInstance): void {
  server.addHook('onRequest', (_request, { raw }, done) => {
    // An answer gets its connection when it is its turn.
    if (raw.socket) done();
    else raw.once('socket', () => done());
  });
}
