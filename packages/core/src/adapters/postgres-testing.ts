import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Knex } from 'knex';
import knexModule from 'knex';
import type { Database } from './database.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { tables } from './tables.ts';

const { AUTHSVC_TEST_POSTGRES_PORT: port, AUTHSVC_TEST_DIALECT } = process.env;

/** The database of tests that do not choose one: SQLite, unless they are run again on PostgreSQL. */
export const chosenDialect = AUTHSVC_TEST_DIALECT === 'postgres' ? 'postgres' : 'sqlite';

/** An empty database of its own, on the server that the tests share. */
export interface PostgresTestDatabase {
  readonly url: string;
  /** Does something as the server's administrator, in this database. */
  administer<T>(work: (knex: Knex) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

export async function createPostgresTestDatabase(): Promise<PostgresTestDatabase> {
  const server = await sharedServer();
  const name = `authsvc_test_${port}_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await administer(server, (knex) => knex.raw('create database ?? template template0', [name]));
  return {
    url: url.href,
    administer: (work) => administer(url.href, work),
    drop: () => administer(server, (knex) => knex.raw('drop database ?? with (force)', [name])),
  };
}

/** Made and migrated, and used by nobody: making one takes longer than most tests do. */
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
      if (isReusable) await database.write.raw(`truncate ${tables.join(', ')} restart identity`);
      await database.close();
      if (isReusable) idle.push(taken);
      else await taken.drop();
    },
  };
}

/** Whoever runs the tests gives a server, or says on which port the one is to be asked for that is started for them. */
async function sharedServer(): Promise<string> {
  if (port === undefined) throw new Error('AUTHSVC_TEST_POSTGRES_PORT is missing: run the tests through vitest');
  const url = await text(connect(Number(port), '127.0.0.1'));
  if (url === '') throw new Error('PostgreSQL could not be started');
  return url;
}

async function administer<T>(url: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  const knex = knexModule({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  try {
    return await work(knex);
  } finally {
    await knex.destroy();
  }
}
