import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isLoopback } from '../../requester.ts';
import { DatabaseRefusedError } from '../errors.ts';

/** Where a PostgreSQL database is, and how it is reached. */
export interface PostgresAddress {
  /** What the database is called in logs and refusals: its name and host, never its credentials. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Where one is missing, `PGUSER`, `PGPASSWORD` or `~/.pgpass` say it. */
  readonly user: string;
  readonly password: string;
  readonly tls: ConnectionOptions | false;
}

const PARAMETERS = ['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const DEFAULT_PORT = '5432';

/**
 * Reads a database's URL in libpq's forms: parameters take precedence over the rest.
 * The server's certificate and name are verified with any `sslmode` but `disable`, which is for
 * this machine alone; a Unix socket uses no TLS.
 *
 * @param url `postgres://user:password@host:port/database`, with `host=<folder>` for a Unix socket,
 * `sslrootcert=<path>` for an authority of one's own and `sslcert=<path>&sslkey=<path>` for a
 * certificate of the client.
 * @throws {@link DatabaseRefusedError} one sentence, without the URL.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const { userinfo, hostspec, path, parameters } = split(url);
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userinfo) ?? [];
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:,]*))(?::(\d*))?$/.exec(hostspec) ?? refuse();
  const host = parameters.get('host') || decode(bracketed ?? plain) || 'localhost';
  const database = parameters.get('dbname') || decode(path);
  // Host and database appear in logs. With an unencoded '?' or '/' in the password, a part of the
  // password would be read as one of them.
  if (/[@,]/.test(host) || (host.includes('/') && !host.startsWith('/')) || /[@/]/.test(path)) refuse();
  if (database === '') throw new DatabaseRefusedError("the database's URL names no database: it ends in /<database>");
  return {
    name: `${database} at ${host}`,
    host,
    port: portOf(parameters.get('port') || port || DEFAULT_PORT),
    database,
    user: parameters.get('user') ?? decode(user),
    password: parameters.get('password') ?? decode(password),
    tls: host.startsWith('/') ? false : tlsOptions(host, parameters),
  };
}

/** Without `new URL`, which accepts no user without a host, and whose errors quote the URL. */
function split(url: string) {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(url) ?? [];
  if (rest === undefined) {
    throw new DatabaseRefusedError("the database's URL must be postgres://<user>:<password>@<host>:<port>/<database>");
  }
  if (rest.includes('#')) {
    throw new DatabaseRefusedError("the database's URL has a # that is not percent-encoded: write %23");
  }
  const [, authority = '', path = '', query = ''] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  return {
    userinfo: authority.slice(0, Math.max(at, 0)),
    hostspec: authority.slice(at + 1),
    path,
    parameters: readParameters(query),
  };
}

/** Unlike in a form, a `+` stands for itself. */
function readParameters(query: string): ReadonlyMap<string, string> {
  const entries = query.split('&').filter((text) => text !== '');
  const parameters = new Map<string, string>();
  for (const entry of entries) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(entry) ?? [];
    parameters.set(decode(name), decode(value));
  }
  if ([...parameters.keys()].some((name) => !PARAMETERS.includes(name))) {
    // Do not name it: after an unencoded '?' in a password, it is a part of that password.
    throw new DatabaseRefusedError(`the database's URL has an unknown parameter; known are: ${PARAMETERS.join(', ')}`);
  }
  return parameters;
}

function portOf(text: string): number {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : refuse();
}

function refuse(cause?: unknown): never {
  throw new DatabaseRefusedError(
    "the database's URL is malformed; percent-encode reserved characters in the user and the password",
    { cause },
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    return refuse(cause);
  }
}

function tlsOptions(host: string, parameters: ReadonlyMap<string, string>): ConnectionOptions | false {
  if (parameters.get('sslmode') === 'disable') {
    if (host === 'localhost' || isLoopback(host)) return false;
    throw new DatabaseRefusedError(
      `sslmode=disable is for a database on this machine, and ${host} is not: leave it out, and name the authority that signed the server's certificate with sslrootcert=<path>`,
    );
  }
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => readParameter(name, parameters));
  return { rejectUnauthorized: true, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readParameter(name: string, parameters: ReadonlyMap<string, string>): string | undefined {
  const path = parameters.get(name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DatabaseRefusedError(`the file ${path} (${name} in the database's URL) cannot be read`, { cause });
  }
}
