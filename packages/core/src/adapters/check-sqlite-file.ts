import { DatabaseRefusedError } from './database-refused-error.ts';
import { readSchemaAge, type SchemaAge } from './migrate.ts';
import { openReadOnly } from './sqlite-client.ts';
import { inspectSqliteFile, refuseLostDatabase, refuseSecondName } from './sqlite-file.ts';

/** What a database file is like, to whoever only looks at it. */
export interface SqliteHealth {
  /** In SQLite's words; none when the file is whole. */
  readonly damage: readonly string[];
  readonly schema: SchemaAge;
}

const MOST_COMPLAINTS = 5;

/**
 * Reads a whole database file and looks whether it is sound. It is not changed, and a daemon may be using it; like every reader of such a file, this one makes the two that stand beside it.
 *
 * @returns `undefined` when there is none yet.
 * @throws {@link DatabaseRefusedError} the file belongs to another program, or cannot be read.
 */
export async function checkSqliteFile(path: string): Promise<SqliteHealth | undefined> {
  if (inspectSqliteFile(path) === 'empty') {
    refuseLostDatabase(path);
    return undefined;
  }
  refuseSecondName(path);
  const knex = openReadOnly(path);
  try {
    const checked: { integrity_check: string }[] = await knex.raw(`PRAGMA integrity_check(${MOST_COMPLAINTS})`);
    const damage = checked.map(({ integrity_check: text }) => text).filter((text) => text !== 'ok');
    const orphans: unknown[] = await knex.raw('PRAGMA foreign_key_check');
    if (orphans.length > 0) damage.push(`${orphans.length} rows belong to no account`);
    return { damage, schema: await readSchemaAge(knex) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return { damage: [message], schema: 'current' };
    throw new DatabaseRefusedError(`the database ${path} cannot be read: ${message}`, { cause: error });
  } finally {
    await knex.destroy();
  }
}
