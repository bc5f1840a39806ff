import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isLoopback } from '../client.ts';
import { DatabaseRefusedError } from './database-refused-error.ts';

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

const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];

/**
 * Reads a database's URL. The server's certificate and name are verified whatever an `sslmode` asks for, but for `disable`, which is for this machine alone.
 *
 * @param url `postgres://user:password@host:port/database`, with `sslrootcert=<path>` for an authority of one's own and `sslcert=<path>&sslkey=<path>` for a certificate of the client.
 * @throws {@link DatabaseRefusedError} one sentence, without the URL.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const { hostname, port, username, password, pathname, searchParams } = parse(url);
  if ([...searchParams.keys()].some((key) => !PARAMETERS.includes(key))) {
    // Not named: behind a '?' that should have been percent-encoded, it is a part of the password.
    throw new DatabaseRefusedError(
      `the database's URL has a parameter that is not known; what is known: ${PARAMETERS.join(', ')}`,
    );
  }
  const host = decode(hostname.replace(/^\[|\]$/g, '')) || (searchParams.get('host') ?? 'localhost');
  if (/[@/]/.test(pathname.slice(1))) {
    // The name is told in logs, and behind a '/' that should have been percent-encoded it is a part of the password.
    throw new DatabaseRefusedError("the database's URL is not percent-encoded as it must be");
  }
  const database = decode(pathname.slice(1));
  if (database === '') throw new DatabaseRefusedError("the database's URL names no database: it ends in /<database>");
  return {
    name: `${database} at ${host}`,
    host,
    port: Number(port || 5432),
    database,
    user: decode(username),
    password: decode(password),
    tls: tlsOptions(host, searchParams),
  };
}

function parse(url: string): URL {
  // What `new URL` throws quotes the URL.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'postgres:' || parsed?.protocol === 'postgresql:') return parsed;
  throw new DatabaseRefusedError("the database's URL must be postgres://<user>:<password>@<host>:<port>/<database>");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new DatabaseRefusedError("the database's URL is not percent-encoded as it must be", { cause });
  }
}

function tlsOptions(host: string, parameters: URLSearchParams): ConnectionOptions | false {
  if (parameters.get('sslmode') === 'disable') {
    if (host === 'localhost' || isLoopback(host) || host.startsWith('/')) return false;
    throw new DatabaseRefusedError(
      `sslmode=disable is for a database on this machine, and ${host} is not: leave it out, and name the authority that signed the server's certificate with sslrootcert=<path>`,
    );
  }
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => readParameter(name, parameters));
  return { rejectUnauthorized: true, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readParameter(name: string, parameters: URLSearchParams): string | undefined {
  const path = parameters.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DatabaseRefusedError(`the file ${path} (${name} in the database's URL) cannot be read`, { cause });
  }
}
