import { AuthError, type Database, DatabaseRefusedError } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import type { BackupBody } from '../operator-contract.ts';
import { backupSchema } from '../operator-schemas.ts';

/** A consistent copy of the database, while it serves. */
export function addBackupRoute(
  server: FastifyInstance,
  { database }: { readonly database: Pick<Database, 'backUp'> },
): void {
  server.post<{ Body: { path: string } }>(
    '/backup',
    { schema: { body: backupSchema } },
    async ({ body: { path } }): Promise<BackupBody> => {
      try {
        return { path, ...(await database.backUp(path)) };
      } catch (error) {
        if (!(error instanceof DatabaseRefusedError)) throw error;
        throw new AuthError('invalid_request', { field: 'path', message: error.message, cause: error });
      }
    },
  );
}
