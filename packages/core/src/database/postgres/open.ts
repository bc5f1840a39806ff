import type { Knex } from 'knex';
import knexModule from 'knex';
import type { Database } from '../database.ts';
import { DatabaseRefusedError, isTransactionConflict } from '../errors.ts';
import { silentKnexLog } from '../knex.ts';
import { isMigrated, migrateIn } from '../migrate.ts';
import { tables } from '../tables.ts';
import { BoundedPostgresClient } from './client.ts';
import { type PostgresAddress, parsePostgresUrl } from './url.ts';

const CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 1500;
const ACQUIRE_TIMEOUT_MS = 1500;
const LOCK_TIMEOUT_MS = 1500;
/** Statements of this service take a fraction of this; one that takes longer is blocked. */
const STATEMENT_TIMEOUT_MS = 5000;
/** A server behind a cut network cannot report a timeout. */
const ANSWER_TIMEOUT_MS = 6000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
const MAX_TRANSACTION_TRIES = 4;
/** Any number, as long as every instance uses the same. ASCII 'auth'. */
const MIGRATION_LOCK = 0x61_75_74_68;

export interface PostgresOptions {
  /** See {@link parsePostgresUrl}. */
  readonly url: string;
  /** Connections at most; 10 by default. */
  readonly connections?: number;
}

/**
 * Open a PostgreSQL database.
 *
 * @throws {@link DatabaseRefusedError} the URL is unsafe, or the server cannot be reached; the
 * message never contains the URL's password.
 */
export async function openPostgresDatabase({ url, connections = CONNECTIONS }: PostgresOptions): Promise<Database> {
  const address = parsePostgresUrl(url);
  const knex = createPostgresKnex(address, connections, {
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
  });
  try {
    await refuseOtherEncodings(knex, address.name);
  } catch (error) {
    await knex.destroy();
    if (error instanceof DatabaseRefusedError) throw error;
    throw refusal(`the database ${address.name} cannot be reached`, error);
  }
  return {
    read: knex,
    write: knex,
    transaction: (work) => retryConflicts(() => knex.transaction(work)),
    migrate: () => migrate(address),
    isMigrated: () => isMigrated(knex),
    assertGranted: () => assertGranted(knex, address.name),
    backUp: async () => {
      throw new DatabaseRefusedError("this database is backed up with PostgreSQL's own tools, such as pg_dump");
    },
    close: () => knex.destroy(),
  };
}

/**
 * Other encodings lack characters that names and addresses may have. PostgreSQL would refuse these
 * only when they are written.
 */
async function refuseOtherEncodings(knex: Knex, name: string): Promise<void> {
  const { rows }: { rows: { server_encoding: string }[] } = await knex.raw('show server_encoding');
  const [{ server_encoding: encoding } = { server_encoding: 'none' }] = rows;
  if (encoding === 'UTF8') return;
  throw new DatabaseRefusedError(
    `the database ${name} has the encoding ${encoding}: make one with createdb --encoding=UTF8 --template=template0`,
  );
}

function createPostgresKnex(
  { tls, host, port, database, user, password }: PostgresAddress,
  connections: number,
  limits: Readonly<Record<string, number>>,
): Knex {
  return knexModule({
    client: BoundedPostgresClient as unknown as typeof Knex.Client,
    connection: {
      host,
      port,
      database,
      user,
      password,
      ssl: tls,
      application_name: 'authsvc',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      ...limits,
    } as Knex.PgConnectionConfig,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    compileSqlOnError: false,
    log: silentKnexLog,
    pool: { min: 0, max: connections },
  });
}

/**
 * Migrate on a connection of its own, without timeouts: it waits for as long as another instance
 * takes.
 */
async function migrate(address: PostgresAddress): Promise<void> {
  const knex = createPostgresKnex(address, 1, {});
  try {
    await knex.transaction(async (trx) => {
      await trx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
      await migrateIn(trx, address.name);
    });
    await assertGranted(knex, address.name);
  } catch (error) {
    if (error instanceof DatabaseRefusedError) throw error;
    throw refusal(`the database ${address.name} cannot be migrated`, error);
  } finally {
    await knex.destroy();
  }
}

/**
 * Check the grants at the start. Otherwise a missing grant for a table of a new version would show
 * only at the first request that needs it.
 */
async function assertGranted(knex: Knex, name: string): Promise<void> {
  const lacking = `
    select quote_ident(name) as name, quote_ident(current_user) as role from unnest(?::text[]) as name
    where not (select bool_and(has_table_privilege(name, privilege)) from unnest(?::text[]) as privilege)`;
  const privileges = ['select', 'insert', 'update', 'delete'];
  const answer = await knex.raw(lacking, [tables.map((table) => table.name), privileges]);
  const missing: readonly { name: string; role: string }[] = answer.rows;
  const [first] = missing;
  if (!first) return;
  const names = missing.map((table) => table.name).join(', ');
  throw new DatabaseRefusedError(
    `the role ${first.role} may not use ${names} in the database ${name}: as the owner, run "grant ${privileges.join(', ')} on ${names} to ${first.role}"`,
  );
}

function refusal(sentence: string, cause: unknown): DatabaseRefusedError {
  const { code, message } = cause as NodeJS.ErrnoException;
  // Knex puts the statement before what the server said.
  const said = message.split(' - ').at(-1);
  return new DatabaseRefusedError(`${sentence}: ${said || code}`, { cause });
}

async function retryConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries >= MAX_TRANSACTION_TRIES || !isTransactionConflict(error)) throw error;
    }
  }
}
