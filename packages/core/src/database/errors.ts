import { AuthError } from '../errors.ts';

/** A database that must not be opened; the message is one sentence that names it. */
export class DatabaseRefusedError extends Error {
  override readonly name = 'DatabaseRefusedError';
}

const RETRY_AFTER_SECONDS = 1;

const SQLITE_UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM)/;

/**
 * Error codes of PostgreSQL and of sockets: connection lost, out of resources, timed out, shutting
 * down, read-only after a failover, or too many conflicts.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const POSTGRES_UNAVAILABLE =
  /^(08|53|57P|28|3D000|57014|55P03|25006|40001|40P01|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST)/;
const POSTGRES_UNIQUE_VIOLATION = '23505';
/** Messages of `pg` that have no code; Knex may put the statement before them. */
const CONNECTION_LOST =
  /(^| - )(Connection terminated|Connection ended|Client has encountered a connection error|Client was closed|Query read timeout|timeout expired|timeout exceeded)/;

/**
 * Translate what the database or its pool reports when it cannot serve into
 * `database_unavailable`, and a duplicate email into `email_taken`; other errors pass as they are.
 * Files that open, back up, restore and lock databases know some of the drivers' codes, too.
 */
export async function translateDatabaseErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AuthError) throw error;
    const { code = '', constraint = '' } = error as Error & { code?: string; constraint?: string };
    // Two requests took the same address at the same time: the second one fails when it writes.
    if (code === POSTGRES_UNIQUE_VIOLATION && constraint.includes('email_key')) {
      throw new AuthError('email_taken', { field: 'email', cause: error });
    }
    if (!isUnavailable(error, code)) throw error;
    throw new AuthError('database_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
  }
}

/** Whether PostgreSQL aborted a transaction because of another: a retry may well succeed. */
export function isTransactionConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '40001' || code === '40P01';
}

function isUnavailable(error: Error, code: string): boolean {
  return (
    SQLITE_UNAVAILABLE.test(code) ||
    POSTGRES_UNAVAILABLE.test(code) ||
    error.name === 'KnexTimeoutError' ||
    CONNECTION_LOST.test(error.message)
  );
}
