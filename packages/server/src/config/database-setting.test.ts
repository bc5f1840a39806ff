import { describe, expect, it } from 'vitest';
import { defaultDatabase, readDatabase, sqliteAt } from './database-setting.ts';
import { SettingProblem } from './setting.ts';

describe('readDatabase', () => {
  it('takes a file', () => {
    expect(readDatabase('sqlite:/srv/accounts.sqlite')).toEqual({
      kind: 'sqlite',
      name: 'sqlite:/srv/accounts.sqlite',
      path: '/srv/accounts.sqlite',
    });
    expect(defaultDatabase({ AUTHSVC_DATA_DIR: '/srv' })).toEqual(sqliteAt('/srv/authsvc.db'));
  });

  it.each([
    ['postgres://ada:secret@db.example.com/auth', 'postgres://db.example.com:5432/auth'],
    ['postgresql://ada:secret@[::1]:6432/auth?sslmode=disable', 'postgres://[::1]:6432/auth'],
    ['postgres://ada:secret@/auth?host=/run/postgresql', 'postgres:///auth?host=/run/postgresql'],
    ['postgres://ada:secret@%2Ftmp:6432/auth', 'postgres:///auth?host=/tmp&port=6432'],
  ])('takes a PostgreSQL database, and calls it by a name without credentials', (url, name) => {
    expect(readDatabase(url)).toEqual({ kind: 'postgres', name, url });
  });

  it.each([
    ['mysql://ada:secret@db/auth', 'must be sqlite:<path of a file> or postgres://<user>@<host>/<database>'],
    ['sqlite::memory:', 'must name a file: a database in memory would forget every account'],
    [
      'postgres://ada:secret@db.example.com',
      "is refused: the database's URL names no database: it ends in /<database>",
    ],
    [
      'postgres://ada:secret@db.example.com/auth?sslmode=disable',
      "is refused: sslmode=disable is for a database on this machine, and db.example.com is not: leave it out, and name the authority that signed the server's certificate with sslrootcert=<path>",
    ],
  ])('refuses %s, and does not repeat it', (text, problem) => {
    expect(() => readDatabase(text)).toThrow(new SettingProblem(problem));
  });
});
