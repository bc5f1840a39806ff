import { AuthError } from '../errors.ts';

const RETRY_AFTER_SECONDS = 1;

const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM)/;

/** Turns what the database or its pool reports when it cannot serve into the rules' `database_unavailable`; anything else is thrown as it came. The one place that knows the drivers' codes. */
export async function translateDatabaseErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AuthError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!UNAVAILABLE.test(code) && error.name !== 'KnexTimeoutError') throw error;
    throw new AuthError('database_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
  }
}
