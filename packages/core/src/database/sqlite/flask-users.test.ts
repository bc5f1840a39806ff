import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptHash, verifyPassword } from '../../external/password-scheme.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { type FlaskUser, readFlaskUsers } from './flask-users.ts';

/** As SQLAlchemy makes it from the Flask service's model. */
const TABLE = `CREATE TABLE users (
  id INTEGER NOT NULL,
  email VARCHAR(250) NOT NULL,
  hashed_password VARCHAR(250) NOT NULL,
  session_id VARCHAR(250),
  reset_token VARCHAR(250),
  PRIMARY KEY (id)
)`;
/** Of Python's bcrypt 5.0.0: `b4l0u`, and a password beyond ASCII. */
const hashes = [
  ['b4l0u', '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq'],
  ['t4rt1fl3tt3 à la crème', '$2b$10$wNzyL1J0vkrrjkyLvp0Bc.H5MjwbxBiq/mIESf1BraMVezh9y5k9.'],
] as const;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authsvc-flask-'));
  path = join(folder, 'a.db');
});
afterEach(() => rm(folder, { recursive: true }));

async function make(...statements: [sql: string, ...values: unknown[]][]): Promise<void> {
  const database = new sqlite3.Database(path);
  for (const [sql, ...values] of statements) {
    await new Promise<void>((resolve, reject) => {
      database.run(sql, values, (error) => (error ? reject(error) : resolve()));
    });
  }
  await new Promise((resolve) => database.close(resolve));
}

async function read(): Promise<FlaskUser[]> {
  const users: FlaskUser[] = [];
  for await (const user of readFlaskUsers(path)) users.push(user);
  return users;
}

describe('readFlaskUsers', () => {
  it('reads hashes kept as text and as bytes, which the old passwords open', async () => {
    const insert = 'INSERT INTO users (email, hashed_password, session_id) VALUES (?, ?, ?)';
    await make(
      [TABLE],
      [insert, 'ada@example.com', hashes[0][1], 'an old session'],
      [insert, 'bob@example.com', Buffer.from(hashes[1][1]), null],
    );
    const users = await read();
    expect(users).toEqual([
      { id: 1, email: 'ada@example.com', passwordHash: hashes[0][1] },
      { id: 2, email: 'bob@example.com', passwordHash: hashes[1][1] },
    ]);
    for (const [index, [password]] of hashes.entries()) {
      const { passwordHash = '' } = users[index] ?? {};
      expect(adoptHash(passwordHash)).toEqual({ passwordHash: `{bcrypt}${passwordHash}` });
      expect(verifyPassword(password, passwordHash)).toBe(true);
      expect(verifyPassword(`${password} `, passwordHash)).toBe(false);
    }
  });

  it('reads page after page, from the lowest id on, and none twice', async () => {
    const fill = `WITH RECURSIVE ids(id) AS (SELECT -1200 UNION ALL SELECT id + 1 FROM ids WHERE id < 1300)
      INSERT INTO users (id, email, hashed_password) SELECT id, 'user' || id || '@example.com', ? FROM ids`;
    await make([TABLE], [fill, hashes[0][1]]);
    const ids = (await read()).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 2501 }, (_, index) => index - 1200));
  });

  it('gives nothing for what is neither text nor bytes', async () => {
    await make(
      ['CREATE TABLE users (id INTEGER PRIMARY KEY, email, hashed_password)'],
      ['INSERT INTO users VALUES (7, 1, NULL)'],
    );
    expect(await read()).toEqual([{ id: 7, email: '', passwordHash: '' }]);
  });

  it('leaves the database as it is', async () => {
    await make([TABLE]);
    const { readFile, readdir } = await import('node:fs/promises');
    const before = await readFile(path);
    expect(await read()).toEqual([]);
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['a.db']);
  });

  it.each([
    ['another table', () => make(['CREATE TABLE user (id INTEGER)'])],
    ['other columns', () => make(['CREATE TABLE users (id INTEGER, email TEXT, password TEXT)'])],
    ['what is no database', () => writeFile(path, 'id,email,hashed_password\n')],
    ['no file', async () => undefined],
  ])('refuses %s, in one sentence that names it', async (_what, prepare) => {
    await prepare();
    const sentence = `${path} is not a database of the Flask service: it needs a table users with id, email and hashed_password`;
    await expect(read()).rejects.toEqual(new DatabaseRefusedError(sentence));
  });
});
