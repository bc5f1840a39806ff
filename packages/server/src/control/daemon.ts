import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import {
  type BackupBody,
  backupSchema,
  type DaemonBody,
  type DaemonStoppingBody,
  type DaemonWarningsBody,
  type Static,
} from '@authsvc/client/contract';
import { refusalOfSystem } from '@authsvc/client/folders';
import { AuthError, type Database, DatabaseRefusedError } from '@authsvc/core';
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

  // Begins a response that never ends: the connection breaks when the process is gone, not before.
  server.get('/daemon/presence', { config: { isPresence: true } }, (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
  });
}

/** A consistent copy of the database, while it serves. */
export function addBackupRoute(
  server: FastifyInstance,
  { database }: { readonly database: Pick<Database, 'backUp'> },
): void {
  server.post<{ Body: Static<typeof backupSchema> }>(
    '/backup',
    { schema: { body: backupSchema } },
    async ({ body: { path } }): Promise<BackupBody> => {
      assertWritable(path);
      try {
        return { path, ...(await database.backUp(path)) };
      } catch (error) {
        if (!(error instanceof DatabaseRefusedError)) throw error;
        throw new AuthError('invalid_request', { field: 'path', message: error.message, cause: error });
      }
    },
  );
}

/** SQLite says no more than that it cannot open the file. */
function assertWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { message } = refusalOfSystem(`the backup ${path} cannot be written`, cause, path);
    throw new AuthError('invalid_request', { field: 'path', message, cause });
  }
}
