import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { NamedQuery } from '../knex.ts';

const require = createRequire(import.meta.url);

/** What of a connection of `pg` is used here. */
interface PostgresConnection {
  setTypeParser(type: number, parse: (text: string) => unknown): void;
  end(done: () => void): void;
  /** Where there is something, Knex hands the connection to nobody any more. */
  __knex__disposed?: unknown;
}

interface PostgresKnexClient extends Knex.Client {
  acquireRawConnection(): Promise<PostgresConnection>;
  _query(connection: PostgresConnection, query: NamedQuery): Promise<NamedQuery>;
}

const PostgresClient = require('knex/lib/dialects/postgres') as { new (config: Knex.Config): PostgresKnexClient };

const BIGINT = 20;

/** Knex's own client for `pg`, which gives numbers as SQLite does, and lets go of a connection that no longer answers. */
export class BoundedPostgresClient extends PostgresClient {
  override async acquireRawConnection(): Promise<PostgresConnection> {
    const connection = await super.acquireRawConnection();
    // Milliseconds and counts are far from where a number loses ones.
    connection.setTypeParser(BIGINT, Number);
    return connection;
  }

  override async _query(connection: PostgresConnection, query: NamedQuery): Promise<NamedQuery> {
    try {
      return await super._query(connection, query);
    } catch (error) {
      if ((error as Error).message === 'Query read timeout') {
        // The statement may still be under way: nobody may be given this connection, nor wait for a rollback on it.
        connection.__knex__disposed = error;
        connection.end(() => undefined);
      }
      throw error;
    }
  }
}
