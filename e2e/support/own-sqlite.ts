import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './program.ts';

interface Sqlite {
  run(sql: string, values: readonly unknown[], done: (error: Error | null) => void): void;
  all(sql: string, done: (error: Error | null, rows: unknown[]) => void): void;
  close(done: () => void): void;
}

const { Database } = createRequire(join(root, 'packages', 'core', 'package.json'))('sqlite3') as {
  Database: new (path: string, done: (error: Error | null) => void) => Sqlite;
};

/** Runs one statement on a database file, with the very SQLite that the service has, and gives its rows. */
export async function querySqlite(path: string, sql: string, values?: readonly unknown[]): Promise<unknown[]> {
  const database = await new Promise<Sqlite>((resolve, reject) => {
    const opened = new Database(path, (error) => (error ? reject(error) : resolve(opened)));
  });
  try {
    return await new Promise((resolve, reject) => {
      const settle = (error: Error | null, rows: unknown[] = []) => (error ? reject(error) : resolve(rows));
      if (values) database.run(sql, values, settle);
      else database.all(sql, settle);
    });
  } finally {
    await new Promise<void>((resolve) => database.close(resolve));
  }
}
