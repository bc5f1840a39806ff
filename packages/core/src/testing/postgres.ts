import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Knex } from 'knex';
import knexModule from 'knex';
import type { Database } from '../database/database.ts';
import { openPostgresDatabase } from '../database/postgres/open.ts';
import { tables } from '../database/tables.ts';

const { AUTHSVC_TEST_POSTGRES_PORT: port, AUTHSVC_TEST_DIALECT } = process.env;

/** The dialect of tests that do not choose one: SQLite, unless they are run again on PostgreSQL. */
export const chosenDialect = AUTHSVC_TEST_DIALECT === 'postgres' ? 'postgres' : 'sqlite';

/** An empty database of its own on the shared server, dropped after the tests. */
export interface PostgresTestDatabase {
  readonly url: string;
  /** Does something as the server's administrator, in this database. */
  administer<T>(work: (knex: Knex) => Promise<T>): Promise<T>;
}

export async function createPostgresTestDatabase(): Promise<PostgresTestDatabase> {
  if (port === undefined) throw new Error('AUTHSVC_TEST_POSTGRES_PORT is missing: run the tests through vitest');
  const url = await text(connect(Number(port), '127.0.0.1'));
  if (url === '') throw new Error('PostgreSQL could not be started, or makes no database');
  return {
    url,
    administer: async (work) => {
      const knex = knexModule({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
      try {
        return await work(knex);
      } finally {
        await knex.destroy();
      }
    },
  };
}

/** Migrated databases that are free: making one takes longer than most tests do. */
const idle: PostgresTestDatabase[] = [];

/** A migrated database without rows, for one test at a time. */
export async function openPostgresTestDatabase(): Promise<Database> {
  const taken = idle.pop() ?? (await createPostgresTestDatabase());
  const database = await openPostgresDatabase({ url: taken.url });
  await database.migrate();
  return {
    ...database,
    close: async () => {
      const isReusable = await database.isMigrated();
      if (isReusable) await database.write.raw(`truncate ${tables.map(({ name }) => name).join()} restart identity`);
      await database.close();
      if (isReusable) idle.push(taken);
    },
  };
}
