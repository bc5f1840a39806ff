import type { DaemonBody, DaemonStoppingBody, DaemonWarningsBody } from '@authsvc/client/contract';
import type { FastifyInstance } from 'fastify';

export interface DaemonControl {
  describe(): DaemonBody;
  readonly warnings: DaemonWarningsBody['warnings'];
  /** Returns at once; the daemon stops as it does at SIGTERM. */
  requestStop(): void;
}

export function addDaemonRoutes(server: FastifyInstance, { daemon }: { readonly daemon: DaemonControl }): void {
  server.get('/daemon', (): DaemonBody => daemon.describe());

  server.get('/daemon/warnings', (): DaemonWarningsBody => ({ warnings: daemon.warnings }));

  server.post('/daemon/stop', (): DaemonStoppingBody => {
    daemon.requestStop();
    return { pid: daemon.describe().pid, message: 'stopping' };
  });

  // Begins an answer that never ends: the connection breaks off when the process is gone, and not before.
  server.get('/daemon/presence', { config: { isPresence: true } }, (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
  });
}
