import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import {
  type BackupBody,
  backupSchema,
  type DaemonBody,
  type DaemonStoppingBody,
  type DaemonWarningsBody,
  type FolderBackupBody,
  folderBackupSchema,
  type Static,
} from '@authsvc/client/contract';
import { refusalOfSystem } from '@authsvc/client/folders';
import { AuthError, DatabaseRefusedError } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import type { Backups } from '../data-folder/backups.ts';

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

/** Consistent copies of the database, while it serves. */
export function addBackupRoutes(server: FastifyInstance, { backups }: { readonly backups: Backups }): void {
  server.post<{ Body: Static<typeof backupSchema> }>(
    '/backup',
    { schema: { body: backupSchema } },
    async ({ body: { path } }): Promise<BackupBody> => {
      assertWritable(path);
      return { path, ...(await backups.to(path).catch((error) => refuse('path', error))) };
    },
  );

  server.post<{ Body: Static<typeof folderBackupSchema> }>(
    '/backup/folder',
    { schema: { body: folderBackupSchema } },
    async ({ body: { folder, keep } }): Promise<FolderBackupBody> => {
      const made = await backups.into(folder, Number(keep)).catch((error) => refuse('folder', error));
      const { notRemoved, ...rest } = made;
      return { ...rest, not_removed: notRemoved };
    },
  );
}

function refuse(field: string, error: unknown): never {
  if (!(error instanceof DatabaseRefusedError)) throw error;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  const isFull = code === 'SQLITE_FULL' || code === 'ENOSPC';
  const message = isFull ? `${error.message}: the disk is full` : error.message;
  throw new AuthError('invalid_request', { field, message, cause: error });
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
