import { once } from 'node:events';
import { createRequire } from 'node:module';
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
  const { port } = teller.address() as AddressInfo;
  process.env.AUTHSVC_TEST_POSTGRES_PORT = String(port);
  return async () => {
    const given = process.env.AUTHSVC_TEST_DATABASE_URL;
    if (given) await dropTestDatabases(given, port);
    teller.close();
    await (await started)?.remove();
  };
}

interface Client {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: { name: string }[] }>;
  end(): Promise<void>;
}

/** What the tests of this run left on a server that stays. */
async function dropTestDatabases(url: string, port: number): Promise<void> {
  const { Client } = createRequire(new URL('../packages/core/package.json', import.meta.url))('pg') as {
    Client: new (settings: { connectionString: string }) => Client;
  };
  const client = new Client({ connectionString: url });
  await client.connect();
  const left = await client.query(
    `select quote_ident(datname) as name from pg_database where datname like 'authsvc\\_test\\_${port}\\_%'`,
  );
  for (const { name } of left.rows) await client.query(`drop database ${name} with (force)`);
  await client.end();
}
