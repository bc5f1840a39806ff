import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Requests that may wait on a connection while one is being answered; browsers and HTTP libraries
 * send none ahead.
 */
export const MOST_WAITING = 4;

/**
 * What Node's parser calls for each request, once its headers are read. Not documented; alike in
 * Node 20, 22 and 24.
 */
interface Parser {
  onIncoming?: (request: IncomingMessage) => number;
}

/** llhttp takes any result but 0, 1, 2 and 21 for an error, and stops. */
const STOP_PARSING = -1;

export interface UnreadLimit {
  /** How long a client may leave its answers unread, in milliseconds. */
  readonly unreadTimeout: number;
  /** How often connections are checked, in milliseconds. */
  readonly checkInterval: number;
}

/**
 * Closes connections whose client does not read its responses: Node limits how long a request may
 * take to arrive, but not how long a response may stay unread.
 *
 * What fits into the system's buffers counts as read. With responses as small as ours, no client
 * that reads at all comes near the limit.
 */
export function closeUnread(server: FastifyInstance, { unreadTimeout, checkInterval }: UnreadLimit): void {
  const sockets = new Set<Socket>();
  const unreadSince = new Map<Socket, number>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      unreadSince.delete(socket);
    });
  });

  const timer = setInterval(() => {
    const now = performance.now();
    for (const socket of sockets) {
      if (socket.writableLength === 0) {
        unreadSince.delete(socket);
        continue;
      }
      const since = unreadSince.get(socket);
      if (since === undefined) unreadSince.set(socket, now);
      else if (now - since >= unreadTimeout) socket.destroy();
    }
  }, checkInterval);
  timer.unref();
  server.addHook('onClose', (_server, done) => {
    clearInterval(timer);
    done();
  });
}

/**
 * Destroys a connection on which more than {@link MOST_WAITING} requests wait for their turn.
 *
 * Node would parse the rest of the chunk all the same, 3,700 requests in 64 KiB, so its parser is
 * stopped as well. 300 connections that send 64 KiB of `GET /` behind logins cost 830 MB without a
 * limit.
 */
export function limitWaiting(server: Server): void {
  const waiting = new WeakMap<Socket, number>();
  const look = ({ socket }: IncomingMessage, response: ServerResponse) => {
    // A response has a socket only once it is its turn.
    if (response.socket) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > MOST_WAITING) {
      const { parser } = socket as Socket & { parser?: Parser | null };
      if (parser) parser.onIncoming = () => STOP_PARSING;
      socket.destroy();
      return;
    }
    response.once('socket', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
  };
  // Some requests reach no hook of Fastify's. Without a listener for `checkExpectation`, Node
  // answers an `Expect` header itself, at once.
  server.prependListener('request', look);
  if (server.listenerCount('checkExpectation') > 0) server.prependListener('checkExpectation', look);
}

/**
 * Handles a request once those before it on the same connection are answered. Node keeps only the
 * answers in order: a request that is sent after a logout, without waiting for its answer, would
 * still find the session open.
 */
export function takeTurn(response: ServerResponse, goOn: () => void): void {
  if (response.socket) goOn();
  // Not at once, so that other connections are served in between.
  else response.once('socket', () => setImmediate(goOn));
}
