import { createRequire } from 'node:module';

interface Client {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
}

// Loaded at once: Node 20 reuses the result of the last synchronous lstat. After one of a socket,
// as in the folder of a service that was killed, it would not find what a package needs.
const { Client } = createRequire(new URL('../packages/core/package.json', import.meta.url))('pg') as {
  Client: new (settings: { connectionString: string }) => Client;
};

/**
 * Sends statements to a PostgreSQL server, by the driver that core uses.
 *
 * @returns the rows of the last one.
 */
export async function queryPostgres(
  url: string | URL,
  ...statements: readonly string[]
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: String(url) });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}
