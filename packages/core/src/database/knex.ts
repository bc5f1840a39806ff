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

/**
 * Find the first row by a prepared statement. Parsing the query each time costs more than a lookup
 * by key does: with `knex.raw`, `whoami` on PostgreSQL takes 1.3 times the processor time.
 */
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

/** Prints nothing, on purpose. */
const ignore = () => undefined;

/** Knex throws its errors as well, and must not write to standard output. */
export const silentKnexLog: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

/**
 * Lock matching rows, skipping rows that another instance has locked. SQLite has one writer at a
 * time, so that no row is locked.
 */
export function skipLocked<Query extends Knex.QueryBuilder>(trx: Knex.Transaction, query: Query): Query {
  return trx.client.dialect === 'sqlite3' ? query : (query.forUpdate().skipLocked() as Query);
}
