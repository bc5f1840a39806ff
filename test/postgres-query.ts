import { createRequire } from 'node:module';

interface Client {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
}

// At once: Node 20 finds what a package needs by its real path, and takes that for known when what
// it last looked at was a socket, as in the folder of a service that was killed.
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
