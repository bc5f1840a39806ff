import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSqliteFile } from './file.ts';
import { openSqliteDatabase } from './open.ts';

function makePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'authsvc.db');
}

/** A database with enough accounts to fill many pages. */
async function makeDatabase(): Promise<string> {
  const path = makePath();
  const database = await openSqliteDatabase(path);
  await database.migrate();
  for (let id = 1; id <= 200; id += 1) {
    const email = `user-${id}@example.com`;
    await database.write('users').insert({
      id: `user-${id}`,
      email,
      email_key: email,
      password_hash: 'x'.repeat(200),
      created_at: 0,
      updated_at: 0,
    });
  }
  await database.close();
  return path;
}

describe('checkSqliteFile', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await checkSqliteFile(makePath())).toBeUndefined();
  });

  it('finds a database whole, in use or not, and changes nothing', async () => {
    const path = await makeDatabase();
    const before = readFileSync(path);
    expect(await checkSqliteFile(path)).toEqual({ damage: [], schema: 'current' });
    expect(readFileSync(path).equals(before)).toBe(true);
    for (const name of readdirSync(dirname(path))) {
      expect([name, statSync(join(dirname(path), name)).mode & 0o777]).toEqual([name, 0o600]);
    }

    const database = await openSqliteDatabase(path);
    onTestFinished(database.close);
    expect(await checkSqliteFile(path)).toEqual({ damage: [], schema: 'current' });
  });

  it('finds damage in a page', async () => {
    const path = await makeDatabase();
    const file = openSync(path, 'r+');
    for (let page = 3; page < 20; page += 1) writeSync(file, Buffer.alloc(64, 0xff), 0, 64, page * 4096);
    const health = await checkSqliteFile(path);
    expect(health?.damage.length).toBeGreaterThan(0);
  });

  it('refuses the file of another program', async () => {
    const path = makePath();
    writeFileSync(path, 'no database');
    await expect(checkSqliteFile(path)).rejects.toThrow(`${path} is not an SQLite database, or is damaged`);
  });

  it.each([
    ['older', 'DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)'],
    ['newer', `INSERT INTO migrations (name) VALUES ('9999-later')`],
    ['older', 'DROP TABLE migrations'],
  ])('finds the schema %s after %s', async (schema, sql) => {
    const path = makePath();
    const database = await openSqliteDatabase(path);
    await database.migrate();
    await database.write.raw(sql);
    await database.close();
    expect(await checkSqliteFile(path)).toEqual({ damage: [], schema });
  });
});
