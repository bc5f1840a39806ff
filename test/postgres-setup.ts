import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type PostgresServer, startPostgresServer } from './postgres-server.ts';

/**
 * Gives every test of a run one PostgreSQL server, started when the first asks for it: who connects to the port in `AUTHSVC_TEST_POSTGRES_PORT` is told its URL. With
 * `AUTHSVC_TEST_DATABASE_URL` it is that one, whose role must be allowed to make databases.
 */
export async function setup(): Promise<() => Promise<void>> {
  let started: Promise<PostgresServer> | undefined;
  const url = async () => {
    const given = process.env.AUTHSVC_TEST_DATABASE_URL;
    if (given) return given;
    started ??= startPostgresServer();
    return (await started).url;
  };
  const teller = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    url().then(
      (text) => socket.end(text),
      (error: Error) => socket.destroy(error),
    );
  });
  teller.listen(0, '127.0.0.1');
  await once(teller, 'listening');
  process.env.AUTHSVC_TEST_POSTGRES_PORT = String((teller.address() as AddressInfo).port);
  return async () => {
    teller.close();
    await (await started)?.remove();
  };
}
