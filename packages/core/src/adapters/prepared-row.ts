import type { Knex } from 'knex';

/** A query as Knex hands it to its client. */
export interface NamedQuery {
  readonly sql: string;
  readonly bindings: readonly unknown[];
  /** With a name, it is prepared once a connection. */
  readonly options?: { readonly name?: string };
  readonly response?: unknown;
}

interface QueryingClient extends Knex.Client {
  query(connection: unknown, query: NamedQuery & { readonly method: 'first' }): Promise<NamedQuery>;
  processResponse(answered: NamedQuery): unknown;
}

/** The first row that a prepared statement gives; it is neither built by Knex nor parsed by the database each time, which costs more than a look-up by key does. */
export async function findPreparedRow(
  knex: Knex,
  name: string,
  sql: string,
  bindings: readonly unknown[],
): Promise<unknown> {
  const client: QueryingClient = knex.client;
  const connection = await client.acquireConnection();
  try {
    const answered = await client.query(connection, { method: 'first', sql, bindings, options: { name } });
    return client.processResponse(answered);
  } finally {
    await client.releaseConnection(connection);
  }
}
