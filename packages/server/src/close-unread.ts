import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface UnreadLimit {
  /** How long a client may leave its answers unread, in milliseconds. */
  readonly unreadTimeout: number;
  /** How often is looked, in milliseconds. */
  readonly checkInterval: number;
}

/**
 * Closes connections whose client does not take its answers: Node limits how long a request may take to arrive, and not how long an answer may take to be taken.
 *
 * What the system has room for counts as taken, so that nobody who reads at all comes near the limit with answers as small as ours.
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
