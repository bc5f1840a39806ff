import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import knexModule from 'knex';
import { isLoopback } from '../client.ts';
import type { Database } from './database.ts';
import { isTransactionConflict } from './database-error.ts';
import { DatabaseRefusedError } from './database-refused-error.ts';
import { isMigrated, migrateIn } from './migrate.ts';
import { silentKnexLog } from './silent-knex-log.ts';

const CONNECT_TIMEOUT_MS = 1500;
const ACQUIRE_TIMEOUT_MS = 1500;
/** No statement of this service takes a fraction of this; one that does is stuck behind something. */
const STATEMENT_TIMEOUT_MS = 5000;
const LOCK_TIMEOUT_MS = 1500;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
const MAX_TRANSACTION_TRIES = 4;
/** Any number does, as long as every instance takes the same. ASCII 'auth'. */
const MIGRATION_LOCK = 0x61_75_74_68;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `sslmode=disable` for this machine alone, `sslrootcert=<path>` for an authority of one's own. */
  readonly url: string;
  /** Connections at most; 10 by default. */
  readonly connections?: number;
}

/**
 * Opens a PostgreSQL database. The server's certificate and name are verified, whatever an `sslmode` asks for.
 *
 * @throws {@link DatabaseRefusedError} the URL asks for what is not safe, or the server cannot be reached; without the URL's password.
 */
export async function openPostgresDatabase({ url, connections = 10 }: PostgresOptions): Promise<Database> {
  const { name, connection } = connectionSettings(url);
  const knex = knexModule({
    client: 'pg',
    connection,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    compileSqlOnError: false,
    log: silentKnexLog,
    pool: { min: 0, max: connections },
  });
  try {
    await knex.raw('select 1');
  } catch (error) {
    await knex.destroy();
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DatabaseRefusedError(`the database ${name} cannot be reached: ${message || code}`, { cause: error });
  }
  return {
    read: knex,
    write: knex,
    transaction: (work) => retryConflicts(() => knex.transaction(work)),
    migrate: () => knex.transaction((trx) => migrateLocked(trx, name)),
    isMigrated: () => isMigrated(knex),
    close: () => knex.destroy(),
  };
}

function connectionSettings(url: string): { name: string; connection: Knex.PgConnectionConfig } {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const host = decodeURIComponent(hostname.replace(/^\[|\]$/g, '')) || (searchParams.get('host') ?? 'localhost');
  const database = decodeURIComponent(pathname.slice(1));
  const name = `${database} at ${host}`;
  const isLocal = host === 'localhost' || isLoopback(host) || host.startsWith('/');
  const plain = searchParams.get('sslmode') === 'disable';
  if (plain && !isLocal) {
    throw new DatabaseRefusedError(
      `sslmode=disable is for a database on this machine, and ${host} is not: leave it out, and name the authority that signed the server's certificate with sslrootcert=<path>`,
    );
  }
  const authority = searchParams.get('sslrootcert');
  const ssl = { rejectUnauthorized: true, ...(authority !== null && { ca: readAuthority(authority) }) };
  return {
    name,
    connection: {
      host,
      port: Number(port || 5432),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database,
      ssl: plain ? false : ssl,
      application_name: 'authsvc',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    } as Knex.PgConnectionConfig,
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DatabaseRefusedError(`the certificate authority ${path} (sslrootcert) cannot be read`, { cause: error });
  }
}

async function migrateLocked(trx: Knex.Transaction, name: string): Promise<void> {
  // Waits for as long as another instance takes.
  await trx.raw('set local lock_timeout = 0');
  await trx.raw('set local statement_timeout = 0');
  await trx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
  await migrateIn(trx, name);
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
