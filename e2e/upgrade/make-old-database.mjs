import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../../test/free-port.mjs';
import { send } from '../support/http-client.mjs';

const usage = `node e2e/upgrade/make-old-database.mjs <clone> <postgres url>

  Writes version-1.0.0.{json,sqlite.sql,postgres.sql} beside itself: what version 1.0.0 itself left in its databases.

  <clone>         a clone of this repository at commit 0c74096, installed and built
  <postgres url>  an empty database, of a server that the pg_dump on the PATH can read

  It takes some three minutes: a delay after failed logins is waited for, until one lasts two minutes.`;

const password = 'secure_password';
const emails = {
  loggedIn: 'ada@example.com',
  forgetful: 'bob@example.com',
  throttled: 'carol@example.com',
  owedMail: 'dan@example.com',
  disabled: 'erin@example.com',
};
/** The fifth failure in a row delays the next by a second, each further one by twice as long. */
const FAILURES = 12;

const { positionals } = parseArgs({ allowPositionals: true });
const [clone, postgresUrl] = positionals;
if (!clone || !postgresUrl) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), 'authsvc-old-'));
const program = join(clone, 'packages', 'cli', 'bin', 'authsvc.js');
const file = join(home, 'data', 'authsvc.db');
const env = {
  HOME: home,
  PATH: process.env.PATH,
  AUTHSVC_DATA_DIR: join(home, 'data'),
  AUTHSVC_LISTEN_PORT: '0',
  AUTHSVC_BCRYPT_COST: '10',
};

/** @param {Readonly<Record<string, string>>} [settings] */
async function serve(settings) {
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.on('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^authsvc listening on (\S+)$/.exec(line) ?? [];
    if (!url) continue;
    const stop = () => {
      child.kill();
      return ended;
    };
    return { url, stop };
  }
  throw new Error('the old version did not start');
}

/**
 * @param {string} url
 * @param {string} target
 * @param {object} json
 */
async function mustSend(url, target, json) {
  const answer = await send(url, target, { json });
  if (answer.status !== 200) throw new Error(`${target} answered ${answer.status}: ${answer.text}`);
  return answer;
}

try {
  const first = await serve();
  for (const email of Object.values(emails)) await mustSend(first.url, 'POST /users', { email, password });
  for (let failures = 0; failures < FAILURES; ) {
    const json = { email: emails.throttled, password: 'wrong_password' };
    const { status, headers } = await send(first.url, 'POST /sessions', { json });
    if (status === 401) failures += 1;
    else await wait(Number(headers['retry-after'] ?? 1) * 1000);
  }
  const { session } = await mustSend(first.url, 'POST /sessions', { email: emails.loggedIn, password });
  const { body } = await mustSend(first.url, 'POST /reset_password', { email: emails.forgetful });
  execFileSync(process.execPath, [program, 'users', 'disable', emails.disabled], { env, stdio: 'inherit' });
  await first.stop();

  // Nothing listens there: the mail stays owed.
  const second = await serve({ AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${await freePort()}` });
  await mustSend(second.url, 'POST /reset_password', { email: emails.owedMail });
  await second.stop();
  const madeAt = Date.now();

  const sqlite = execFileSync('sqlite3', [file, '.dump'], { encoding: 'utf8' });
  const { password: pgPassword, href } = new URL(postgresUrl);
  const withoutPassword = href.replace(`:${pgPassword}@`, '@');
  const pgEnv = { ...env, PGPASSWORD: pgPassword };
  execFileSync(process.execPath, [program, 'migrate', withoutPassword], { env: pgEnv, stdio: 'inherit' });
  const dump = execFileSync('pg_dump', ['--no-owner', '--no-privileges', '--inserts', withoutPassword], {
    env: pgEnv,
    encoding: 'utf8',
  });
  // What only psql reads, and settings that only some versions of the server know.
  const postgres = dump.replaceAll(/^(?:\\.*|SET .*|SELECT pg_catalog\.set_config.*|--.*)?\n/gm, '');

  const beside = join(import.meta.dirname, 'version-1.0.0');
  const made = '-- Made by version 1.0.0 (commit 0c74096) itself: see make-old-database.mjs.\n';
  writeFileSync(`${beside}.sqlite.sql`, made + sqlite);
  writeFileSync(`${beside}.postgres.sql`, made + postgres);
  const { reset_token: resetToken } = /** @type {{ reset_token: string }} */ (body);
  const known = { madeAt, password, emails, session, resetToken };
  writeFileSync(`${beside}.json`, `${JSON.stringify(known, null, 2)}\n`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
