import { DatabaseRefusedError } from '../errors.ts';
import { openReadOnly } from './client.ts';

const ROWS_PER_PAGE = 1000;

/** A row of the Flask service's `users`. */
export interface FlaskUser {
  readonly id: number;
  readonly email: string;
  readonly passwordHash: string;
}

/**
 * Read the users of the Flask service's database, a page at a time: table `users` with `id`,
 * `email` and `hashed_password`.
 *
 * @throws {@link DatabaseRefusedError} it cannot be read, or has no such table.
 */
export async function* readFlaskUsers(path: string): AsyncGenerator<FlaskUser> {
  const knex = openReadOnly(path);
  try {
    let lastId = Number.MIN_SAFE_INTEGER;
    for (;;) {
      const rows: { id: number; email: unknown; hashed_password: unknown }[] = await knex('users')
        .select('id', 'email', 'hashed_password')
        .where('id', '>', lastId)
        .orderBy('id')
        .limit(ROWS_PER_PAGE);
      for (const row of rows) yield { id: row.id, email: asText(row.email), passwordHash: asText(row.hashed_password) };
      const last = rows.at(-1);
      if (!last) return;
      lastId = last.id;
    }
  } catch (error) {
    throw new DatabaseRefusedError(
      `${path} is not a database of the Flask service: it needs a table users with id, email and hashed_password`,
      { cause: error },
    );
  } finally {
    await knex.destroy();
  }
}

/** bcrypt gave bytes in Python, and some versions stored them as such. */
function asText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'string' ? value : '';
}
