import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Knex } from 'knex';
import knexModule from 'knex';
import { openPostgresDatabase, type PostgresOptions } from './postgres-database.ts';

/** An empty database of its own, on the server that the tests share. */
export interface PostgresTestDatabase {
  readonly url: string;
  /** Does something as the server's administrator, in this database. */
  administer<T>(work: (knex: Knex) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

export async function createPostgresTestDatabase(): Promise<PostgresTestDatabase> {
  const server = await sharedServer();
  const name = `authsvc_test_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await administer(server, (knex) => knex.raw('create database ?? template template0', [name]));
  return {
    url: url.href,
    administer: (work) => administer(url.href, work),
    drop: () => administer(server, (knex) => knex.raw('drop database ?? with (force)', [name])),
  };
}

/** A migrated database that goes when it is closed. */
export async function openPostgresTestDatabase(options: Omit<PostgresOptions, 'url'> = {}) {
  const created = await createPostgresTestDatabase();
  const database = await openPostgresDatabase({ ...options, url: created.url });
  await database.migrate();
  return {
    ...database,
    url: created.url,
    close: async () => {
      await database.close();
      await created.drop();
    },
  };
}

/** Whoever runs the tests gives a server, or says on which port the one is to be asked for that is started for them. */
async function sharedServer(): Promise<string> {
  const { AUTHSVC_TEST_POSTGRES_PORT: port } = process.env;
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
