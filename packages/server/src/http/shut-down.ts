import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the answer of this route ends with the process. */
    readonly isPresence?: boolean;
  }
}

const SWEEP_INTERVAL_MS = 50;

/** Times in milliseconds from the beginning of the shutdown. */
export interface ShutDownOptions {
  /** When {@link hurry} is called, if requests are still in flight. */
  readonly hurryAfterMs?: number;
  readonly hurry?: () => void;
  /** When what is left is cut off. */
  readonly graceMs: number;
}

/**
 * Prepares an HTTP server for its shutdown. The function that it returns stops accepting
 * connections, lets requests in flight be answered, closes each connection once it is idle, and
 * closes the rest after `graceMs`.
 *
 * Fastify's own close would wait forever for connections that are stuck, or cut those that are not.
 */
export function prepareShutDown(
  server: FastifyInstance,
  { graceMs, hurryAfterMs = graceMs, hurry = () => undefined }: ShutDownOptions,
): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const closeIdle = () => {
    server.server.closeIdleConnections();
    // Node counts a connection that has sent nothing as busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  return async () => {
    // Fastify's own close stops accepting a little later.
    const ended = new Promise((resolve) => server.server.close(resolve));
    const sweep = setInterval(closeIdle, SWEEP_INTERVAL_MS);
    const late = setTimeout(hurry, hurryAfterMs);
    const end = setTimeout(() => server.server.closeAllConnections(), graceMs);
    closeIdle();
    try {
      await Promise.all([ended, server.close()]);
    } finally {
      clearInterval(sweep);
      clearTimeout(late);
      clearTimeout(end);
    }
  };
}

/**
 * Counts the requests in flight. The function that it returns waits until there are none, at most
 * for `graceMs`.
 */
export function trackInFlight(server: FastifyInstance): (graceMs: number) => Promise<void> {
  let count = 0;
  let wake = (): void => undefined;
  server.addHook('onRequest', (request, _reply, done) => {
    // Clients that watch the daemon's presence wait for its end, so it must not wait for them.
    if (!request.routeOptions.config.isPresence) count += 1;
    done();
  });
  server.addHook('onResponse', (request, _reply, done) => {
    if (!request.routeOptions.config.isPresence) count -= 1;
    if (count === 0) wake();
    done();
  });
  return async (graceMs) => {
    if (count === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, graceMs);
    });
    clearTimeout(timer);
  };
}
