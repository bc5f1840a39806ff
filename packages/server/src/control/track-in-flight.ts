import type { FastifyInstance } from 'fastify';

/** Counts the requests that have no answer yet. What this returns waits until there are none, but not longer than `graceMs`. */
export function trackInFlight(server: FastifyInstance): (graceMs: number) => Promise<void> {
  let count = 0;
  let wake = (): void => undefined;
  server.addHook('onRequest', (request, _reply, done) => {
    // Whoever watches the presence of the daemon waits for its end, and it must not wait for them.
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

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the answer of this route ends with the process. */
    readonly isPresence?: boolean;
  }
}
