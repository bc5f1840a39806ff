import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { importOwnDependency } from '../bench/parties/own-dependency.mjs';

/** @typedef {'sqlite' | 'postgres'} Dialect */

/**
 * What the accounts of the old databases know: version 1.0.0 gave it out, and stored digests.
 *
 * @type {{
 *   madeAt: number,
 *   password: string,
 *   emails: Record<'loggedIn' | 'forgetful' | 'throttled' | 'owedMail' | 'disabled', string>,
 *   session: string,
 *   resetToken: string,
 * }}
 */
export const old = JSON.parse(read('json'));

/** The id by which an SQLite file is known as this service's; a dump does not hold it. */
const APPLICATION_ID = 0x61_75_74_68;

/** An owed mail that could not be sent waits for half a minute: by then it is due. */
const LEFT_FOR_MS = 40_000;

/** @param {string} kind */
function read(kind) {
  return readFileSync(join(import.meta.dirname, `version-1.0.0.${kind}`), 'utf8');
}

/**
 * A database of version 1.0.0, by that version's own dump, as if that had ended just now.
 *
 * @param {Dialect} dialect
 */
function dump(dialect) {
  const laterMs = Date.now() - LEFT_FOR_MS - old.madeAt;
  return read(`${dialect}.sql`).replaceAll(/\b1\d{12}\b/g, (time) => String(Number(time) + laterMs));
}

/**
 * Statements that add accounts: each known by one address, every fifth with a session, every
 * hundredth throttled. No reset token expires for a day, as long as tests may take.
 *
 * @param {Dialect} dialect
 * @param {number} count
 */
function addAccounts(dialect, count) {
  const isSqlite = dialect === 'sqlite';
  const numbers = isSqlite
    ? `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n) n`
    : `generate_series(1, ${count}) n(i)`;
  const hex = isSqlite ? "printf('%08x', i)" : "lpad(to_hex(i), 8, '0')";
  const email = isSqlite ? "printf('user-%08d@example.com', i)" : "'user-' || lpad(i::text, 8, '0') || '@example.com'";
  // As random as a digest, so that its index grows in no order.
  const digest = isSqlite ? 'lower(hex(randomblob(21)))' : 'md5(i::text) || left(md5((i + 1)::text), 10)';
  const id = `${hex} || '-0000-4000-8000-000000000000'`;
  const now = Date.now();
  const inOneDay = now + 86_400_000;
  return [
    `insert into users (id, email, email_key, password_hash, created_at, updated_at)
      select ${id}, ${email}, ${email}, (select min(password_hash) from users), ${now}, ${now} from ${numbers}`,
    `insert into known_addresses (user_id, network, last_login_at) select ${id}, '192.0.2.1', ${now} from ${numbers}`,
    `insert into sessions (token_digest, id, user_id, created_at, last_used_at, expires_at, address)
      select ${digest}, ${id}, ${id}, ${now}, ${now} + i, ${inOneDay}, '192.0.2.1' from ${numbers} where i % 5 = 0`,
    `insert into throttles (key, count, until, noted, expires_at)
      select 'account:' || ${digest}, 3, 0, ${isSqlite ? '0' : 'false'}, ${inOneDay} from ${numbers} where i % 100 = 0`,
    `update reset_tokens set expires_at = ${inOneDay}`,
  ];
}

/**
 * Make a database file of version 1.0.0.
 *
 * @param {string} path
 * @param {number} [accounts] beside those of {@link old}
 */
export async function makeOldSqlite(path, accounts = 0) {
  const { Database } = await importOwnDependency('core', 'sqlite3');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const database = new Database(path);
  const run = promisify(database.exec.bind(database));
  try {
    await run(`pragma application_id = ${APPLICATION_ID}; pragma journal_mode = wal; pragma synchronous = off`);
    await run(dump('sqlite'));
    if (accounts > 0) await run(`begin; ${addAccounts('sqlite', accounts).join('; ')}; commit`);
  } finally {
    await promisify(database.close.bind(database))();
  }
}

/**
 * Fill an empty database as version 1.0.0 does.
 *
 * @param {string} url
 * @param {number} [accounts] beside those of {@link old}
 */
export async function makeOldPostgres(url, accounts = 0) {
  const { Client } = await importOwnDependency('core', 'pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(dump('postgres'));
    await client.query("select set_config('search_path', 'public', false)");
    if (accounts === 0) return;
    for (const statement of addAccounts('postgres', accounts)) await client.query(statement);
    await client.query('analyze');
  } finally {
    await client.end();
  }
}
