import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** The URL of a new, empty database on the PostgreSQL server that the tests of this run share. */
export async function makePostgresDatabase(): Promise<string> {
  const url = await text(connect(Number(process.env.AUTHSVC_TEST_POSTGRES_PORT), '127.0.0.1'));
  if (url === '') throw new Error('PostgreSQL could not be started, or makes no database');
  return url;
}
