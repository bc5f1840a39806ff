import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { queryPostgres } from './postgres-query.ts';
import { type PostgresServer, startPostgresServer } from './postgres-server.mjs';

/**
 * Give the tests of a run a PostgreSQL server, started on first use. A connection to the port in
 * `AUTHSVC_TEST_POSTGRES_PORT` is answered with the URL of a new, empty database.
 *
 * With `AUTHSVC_TEST_DATABASE_URL` it is that server, whose role must be allowed to create
 * databases; all of them are dropped in the end.
 */
export async function setup(): Promise<() => Promise<void>> {
  const given = process.env.AUTHSVC_TEST_DATABASE_URL;
  let started: Promise<PostgresServer> | undefined;
  const serverUrl = async () => {
    if (given) return given;
    started ??= startPostgresServer();
    return (await started).url;
  };

  const made: string[] = [];
  const teller = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    makeDatabase().then(
      (url) => socket.end(url),
      (error: Error) => socket.destroy(error),
    );
  });
  teller.listen(0, '127.0.0.1');
  await once(teller, 'listening');
  const { port } = teller.address() as AddressInfo;
  process.env.AUTHSVC_TEST_POSTGRES_PORT = String(port);

  async function makeDatabase(): Promise<string> {
    const url = new URL(await serverUrl());
    const name = `authsvc_test_${port}_${made.length}`;
    made.push(name);
    // A client that names no database uses template1, which cannot be copied meanwhile.
    await queryPostgres(url, `create database ${name} template template0`);
    url.pathname = `/${name}`;
    return url.href;
  }

  return async () => {
    teller.close();
    const drops = made.map((name) => `drop database if exists ${name} with (force)`);
    if (given) await queryPostgres(given, ...drops);
    await (await started)?.remove();
  };
}
