import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { NamedQuery } from '../knex.ts';

const require = createRequire(import.meta.url);

/** The part of a `pg` connection that is used here. */
interface PostgresConnection {
  setTypeParser(type: number, parse: (text: string) => unknown): void;
  end(done: () => void): void;
  /** When set, Knex does not reuse the connection. */
  __knex__disposed?: unknown;
}

interface PostgresKnexClient extends Knex.Client {
  acquireRawConnection(): Promise<PostgresConnection>;
  _query(connection: PostgresConnection, query: NamedQuery): Promise<NamedQuery>;
}

const PostgresClient = require('knex/lib/dialects/postgres') as { new (config: Knex.Config): PostgresKnexClient };

const BIGINT = 20;

/**
 * Knex's client for `pg`, which reads bigint as numbers, and drops a connection that does not
 * answer.
 */
export class BoundedPostgresClient extends PostgresClient {
  override async acquireRawConnection(): Promise<PostgresConnection> {
    const connection = await super.acquireRawConnection();
    // Milliseconds and counts are far below the largest safe integer.
    connection.setTypeParser(BIGINT, Number);
    return connection;
  }

  override async _query(connection: PostgresConnection, query: NamedQuery): Promise<NamedQuery> {
    try {
      return await super._query(connection, query);
    } catch (error) {
      if ((error as Error).message === 'Query read timeout') {
        // The statement may still run: do not reuse this connection, or wait for a rollback on it.
        connection.__knex__disposed = error;
        connection.end(() => undefined);
      }
      throw error;
    }
  }
}
