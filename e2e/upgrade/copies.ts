import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { queryPostgres } from '../../test/postgres-query.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import type { Environment } from '../support/program.ts';
import { type Dialect, makeOldPostgres, makeOldSqlite } from './old-database.mjs';

/** A copy of a large database of version 1.0.0, which one start upgrades. */
export interface OldCopy {
  /** The settings that name it to a service with the home that it was made for. */
  readonly settings: Environment;
  /** Whether a process is in the transaction that migrates it. It is not opened for that. */
  isMigrating(): Promise<boolean>;
  /** What it holds, without repairing what a killed process left. */
  look(): Promise<{ readonly schema: string; readonly rows: string }>;
  remove(): Promise<void>;
}

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

/** Tables and columns of version 1.0.0 that nothing but a request changes. */
const oldRows = [
  'select id, email, email_key, password_hash, disabled_at, created_at, updated_at from users',
  'select token_digest, id, user_id, created_at, last_used_at, expires_at, address, user_agent from sessions',
  'select user_id, token_digest, created_at, expires_at from reset_tokens',
  'select key, count, until, expires_at from throttles',
  'select user_id || network, last_login_at from known_addresses',
];

async function digestRows(query: Query): Promise<string> {
  const hash = createHash('sha256');
  for (const sql of oldRows) hash.update(JSON.stringify(await query(`${sql} order by 1`)));
  return hash.digest('hex');
}

async function readSchema(query: Query, sql: string): Promise<string> {
  return JSON.stringify(await query(sql), undefined, 1);
}

const sqliteSchema = 'select type, name, tbl_name, sql from sqlite_schema order by type, name';
const postgresSchema = `
  select table_name || '.' || column_name as name, data_type || is_nullable || coalesce(column_default, '') as detail
    from information_schema.columns where table_schema = 'public'
  union all select indexname, indexdef from pg_indexes where schemaname = 'public'
  union all select conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select 'migration', name from migrations
  order by 1, 2`;

/** Makes a database once, and copies of it. */
export async function makeCopies(dialect: Dialect, folder: string, accounts: number) {
  return dialect === 'sqlite' ? await copySqlite(folder, accounts) : await copyPostgres(accounts);
}

async function copySqlite(folder: string, accounts: number): Promise<(home: string) => Promise<OldCopy>> {
  const original = join(folder, 'old.db');
  await makeOldSqlite(original, accounts);
  return async (home) => {
    const path = join(home, 'data', 'authsvc.db');
    mkdirSync(join(home, 'data'), { mode: 0o700 });
    copyFileSync(original, path);
    return {
      settings: {},
      isMigrating: async () => holdsWriteLock(path),
      look: async () => {
        const copy = join(home, 'looked.db');
        for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
        try {
          const query = (sql: string) => querySqlite(copy, sql) as Promise<Record<string, unknown>[]>;
          const [{ integrity_check: integrity } = {}] = await query('pragma integrity_check');
          if (integrity !== 'ok') throw new Error(`integrity_check says ${integrity}`);
          return { schema: await readSchema(query, sqliteSchema), rows: await digestRows(query) };
        } finally {
          for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
        }
      },
      remove: async () => undefined,
    };
  };
}

/**
 * In a WAL database the writer locks byte 120 of the `-shm` file, which Linux lists.
 *
 * @see https://www.sqlite.org/walformat.html#wal_locks
 */
function holdsWriteLock(path: string): boolean {
  const inode = statSync(`${path}-shm`, { throwIfNoEntry: false })?.ino;
  const locks = readFileSync('/proc/locks', 'latin1').split('\n');
  return inode !== undefined && locks.some((line) => line.includes(' WRITE ') && line.endsWith(`:${inode} 120 120`));
}

async function copyPostgres(accounts: number): Promise<(home: string) => Promise<OldCopy>> {
  const original = new URL(await makePostgresDatabase());
  await makeOldPostgres(original.href, accounts);
  const admin = new URL(original);
  admin.pathname = '/postgres';
  const template = original.pathname.slice(1);
  let made = 0;
  return async () => {
    made += 1;
    const name = `${template}_${made}`;
    await queryPostgres(admin, `create database ${name} template ${template}`);
    const url = new URL(original);
    url.pathname = `/${name}`;
    const query: Query = (sql) => queryPostgres(url, sql);
    const locked = `select 1 from pg_locks join pg_database on database = pg_database.oid
      where locktype = 'advisory' and granted and datname = '${name}'`;
    const isMigrating = async () => (await queryPostgres(admin, locked)).length > 0;
    return {
      settings: { AUTHSVC_DATABASE_URL: url.href },
      isMigrating,
      look: async () => {
        // The server ends a statement that has begun before it notices that its client is gone.
        while (await isMigrating());
        return { schema: await readSchema(query, postgresSchema), rows: await digestRows(query) };
      },
      remove: async () => {
        await queryPostgres(admin, `drop database ${name} with (force)`);
      },
    };
  };
}
