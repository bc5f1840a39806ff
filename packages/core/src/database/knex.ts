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

function ignore(): void {
  // Says nothing on purpose.
}

/** Whatever Knex would print, it throws as well; standard output is not its to write to. */
export const silentKnexLog: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

/** Locks the rows that a query finds, and skips those that another instance has locked; SQLite has one writer at a time. */
export function skipLocked<Query extends Knex.QueryBuilder>(trx: Knex.Transaction, query: Query): Query {
  return trx.client.dialect === 'sqlite3' ? query : (query.forUpdate().skipLocked() as Query);
}
