import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatabaseRefusedError } from '../errors.ts';
import { parsePostgresUrl } from './url.ts';

const verified = { rejectUnauthorized: true };

describe('parsePostgresUrl', () => {
  it('reads where the database is and who asks, percent-encoded as it may be', () => {
    expect(parsePostgresUrl('postgresql://ada%40x:p%2Fw%20@db.example.com:6432/auth%20svc')).toEqual({
      name: 'auth svc at db.example.com',
      host: 'db.example.com',
      port: 6432,
      database: 'auth svc',
      user: 'ada@x',
      password: 'p/w ',
      tls: verified,
    });
  });

  it.each([
    ['postgres://db.example.com/auth', 'db.example.com', 5432],
    ['postgres://[::1]:5433/auth', '::1', 5433],
    ['postgres:///auth', 'localhost', 5432],
    ['postgres:///auth?host=db.example.com&port=6432', 'db.example.com', 6432],
    ['postgres://localhost:5433/auth?host=db.example.com', 'db.example.com', 5433],
    ['postgres:///?dbname=auth', 'localhost', 5432],
  ])('finds the server in %s', (url, host, port) => {
    expect(parsePostgresUrl(url)).toEqual({
      name: `auth at ${host}`,
      host,
      port,
      database: 'auth',
      user: '',
      password: '',
      tls: verified,
    });
  });

  it.each([
    'postgres:///auth?host=/run/postgresql',
    'postgres://%2Frun%2Fpostgresql/auth',
    'postgres://localhost/auth?host=/run/postgresql',
    'postgres://localhost/auth?host=%2Frun%2Fpostgresql&sslmode=require',
  ])('finds the Unix socket in %s, over which there is no TLS', (url) => {
    expect(parsePostgresUrl(url)).toMatchObject({ host: '/run/postgresql', port: 5432, database: 'auth', tls: false });
  });

  it.each([
    'postgres://ada:p%40w+@/auth?host=/run/postgresql',
    'postgres:///auth?host=/run/postgresql&user=ada&password=p%40w+',
    'postgres://bob:other@/auth?host=/run/postgresql&user=ada&password=p@w+',
  ])('reads who asks by a Unix socket in %s', (url) => {
    expect(parsePostgresUrl(url)).toMatchObject({ user: 'ada', password: 'p@w+', name: 'auth at /run/postgresql' });
  });

  it('asks for a # to be percent-encoded', () => {
    expect(() => parsePostgresUrl('postgres://ada:12/secret#rest@db.example.com/auth')).toThrow(
      "the database's URL has a # that is not percent-encoded: write %23",
    );
  });

  it.each(['require', 'prefer', 'no-verify', 'verify-full'])('verifies the server with sslmode=%s too', (mode) => {
    expect(parsePostgresUrl(`postgres://db.example.com/auth?sslmode=${mode}`).tls).toEqual(verified);
  });

  it.each(['127.0.0.1', '[::1]', 'localhost', '127.9.9.9', '%2Frun%2Fpostgresql'])(
    'goes without TLS to %s alone',
    (host) => {
      expect(parsePostgresUrl(`postgres://${host}/auth?sslmode=disable`).tls).toBe(false);
    },
  );

  it.each(['db.example.com', '10.0.0.1', '[fe80::1]', 'localhost.example.com', '127.example.com'])(
    'refuses sslmode=disable for %s',
    (host) => {
      expect(() => parsePostgresUrl(`postgres://${host}/auth?sslmode=disable`)).toThrow(
        `sslmode=disable is for a database on this machine, and ${host.replace(/[[\]]/g, '')} is not`,
      );
    },
  );

  it('reads an authority and a certificate of its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'authsvc-url-'));
    const path = (name: string) => join(folder, name);
    for (const name of ['ca', 'cert', 'key']) await writeFile(path(name), `the ${name}`);
    const parameters = `sslrootcert=${path('ca')}&sslcert=${path('cert')}&sslkey=${path('key')}`;
    expect(parsePostgresUrl(`postgres://db.example.com/auth?${parameters}`).tls).toEqual({
      ...verified,
      ca: 'the ca',
      cert: 'the cert',
      key: 'the key',
    });
    await rm(folder, { recursive: true });
    expect(() => parsePostgresUrl(`postgres://db.example.com/auth?${parameters}`)).toThrow(
      `the file ${path('ca')} (sslrootcert in the database's URL) cannot be read`,
    );
  });

  it.each([
    'secret',
    'mysql://ada:secret@db.example.com/auth',
    'postgres://ada:secret@db.example.com',
    'postgres://ada:the?secret@db.example.com/auth',
    'postgres://ada:12/secret@db.example.com/auth',
    'postgres://ada:12/the/secret',
    'postgres://ada:12/secret#rest@db.example.com/auth',
    'postgres://ada:12/secret#rest',
    'postgres://ada:secret#rest@db.example.com/auth',
    'postgres://ada:12?host=secret@db.example.com/auth',
    'postgres://ada:12@db.example.com:secret/auth',
    'postgres://ada:secret@one:5432,two:5432/auth',
    'postgres://ada:secret%ZZ@db.example.com/auth',
    'postgres://ada:secret@db.example.com/auth?sslmod=disable',
    'postgres://ada:secret@db.example.com/auth?sslmode=disable',
  ])('does not repeat the password of a URL that it refuses', (url) => {
    const refusal = attempt(url);
    expect(refusal).toBeInstanceOf(DatabaseRefusedError);
    for (let error: unknown = refusal; error instanceof Error; error = error.cause) {
      expect(JSON.stringify({ ...error, message: error.message })).not.toContain('secret');
    }
  });
});

function attempt(url: string): unknown {
  try {
    return parsePostgresUrl(url);
  } catch (error) {
    return error;
  }
}
