import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './program.ts';

type Done<Result> = (error: Error | null, result: Result) => void;

interface Sqlite {
  all(sql: string, values: readonly unknown[], done: Done<unknown[]>): void;
  close(done: Done<void>): void;
}

const { Database } = createRequire(join(root, 'packages', 'core', 'package.json'))('sqlite3') as {
  Database: new (path: string, done: Done<void>) => Sqlite;
};

/**
 * Runs one statement on a database file, with the very SQLite that the service has, and gives its
 * rows.
 */
export async function querySqlite(path: string, sql: string, values: readonly unknown[] = []): Promise<unknown[]> {
  const database = await new Promise<Sqlite>((resolve, reject) => {
    const opened = new Database(path, (error) => (error ? reject(error) : resolve(opened)));
  });
  try {
    return await promisify(database.all.bind(database))(sql, values);
  } finally {
    await promisify(database.close.bind(database))();
  }
}
