/**
 * Starts a PostgreSQL server with its own default settings, durable ones.
 *
 * @returns {Promise<import('./party-process.mjs').Party>} its url is that of an empty database
 */
export async function startPostgres() {
  // Only there once it is installed.
  const { startPostgresServer } = await import('../../../test/postgres-server.mjs');
  const { url, remove } = await startPostgresServer({ settings: { fsync: 'on', max_connections: '100' } });
  return { url, pid: process.pid, stop: remove };
}
