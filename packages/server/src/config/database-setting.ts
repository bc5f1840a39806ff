import { resolve } from 'node:path';
import { dataPaths, resolveDataFolder } from '@authsvc/client/folders';
import { DatabaseRefusedError, parsePostgresUrl } from '@authsvc/core';
import { type Environment, SettingProblem } from './setting.ts';

/** A database file. */
export interface SqliteSetting {
  readonly kind: 'sqlite';
  readonly name: string;
  readonly path: string;
}

/** A database that many instances can share. */
export interface PostgresSetting {
  readonly kind: 'postgres';
  readonly name: string;
  /** May hold a password. */
  readonly url: string;
}

/** Which database. Its name holds no secret. */
export type DatabaseSetting = SqliteSetting | PostgresSetting;

export function sqliteAt(path: string): SqliteSetting {
  return { kind: 'sqlite', name: `sqlite:${path}`, path };
}

export function defaultDatabase(env: Environment): SqliteSetting {
  return sqliteAt(dataPaths(resolveDataFolder(env)).database);
}

/** @throws SettingProblem; the text is not repeated, for it may hold a password. */
export function readDatabase(text: string): DatabaseSetting {
  if (/^postgres(ql)?:/.test(text)) return readPostgres(text);
  const [, path] = /^sqlite:(.+)$/.exec(text) ?? [];
  if (path === undefined)
    throw new SettingProblem('must be sqlite:<path of a file> or postgres://<user>@<host>/<database>');
  if (path.startsWith(':')) {
    throw new SettingProblem('must name a file: a database in memory would forget every account');
  }
  return sqliteAt(resolve(path));
}

function readPostgres(url: string): DatabaseSetting {
  try {
    return { kind: 'postgres', name: nameOf(parsePostgresUrl(url)), url };
  } catch (error) {
    if (error instanceof DatabaseRefusedError)
      throw new SettingProblem(`is refused: ${error.message}`, { cause: error });
    throw error;
  }
}

function nameOf({ host, port, database }: ReturnType<typeof parsePostgresUrl>): string {
  if (host.startsWith('/')) return `postgres:///${database}?host=${host}${port === 5432 ? '' : `&port=${port}`}`;
  return `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
