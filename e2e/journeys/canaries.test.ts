import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMailServer } from '../../test/mail-server.ts';
import { startDaemon } from '../support/daemon.ts';
import { findInFiles } from '../support/find-in-files.ts';
import { type SendOptions, send } from '../support/http-client.mjs';
import { makeHome } from '../support/journey.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import type { Environment } from '../support/program.ts';
import { type CommandEnd, runAuthsvc } from '../support/run-authsvc.ts';
import { type ArgumentsWatch, watchArguments } from '../support/watch-arguments.ts';

const email = 'ada@example.com';
const passwords = {
  first: 'canary-of-the-first-password',
  second: 'canary-of-the-second-password',
  third: 'canary-of-the-third-password',
  wrong: 'canary-of-a-wrong-password',
  smtp: 'canary-of-the-smtp-password',
  token: 'canary-of-a-token-that-was-never-issued',
};

let home: string;
let watch: ArgumentsWatch;
/** Everything that was shown, answered or logged, but for what is shown on purpose. */
let shown: string[];

beforeEach(async () => {
  home = await makeHome();
  watch = watchArguments();
  shown = [];
});
afterEach(() => {
  watch.stop();
});

async function command(args: string, env: Environment, input?: string): Promise<CommandEnd> {
  const end = await runAuthsvc([...args.split(' '), '--debug'], { home, env, input });
  shown.push(end.stdout, end.stderr);
  return end;
}

/**
 * Where each secret was found: among what was shown, among the arguments of processes, and in which
 * files.
 */
async function search(secrets: Readonly<Record<string, string>>) {
  const seen = [...watch.stop()];
  const files = await findInFiles([home], secrets);
  return Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [
      name,
      {
        shown: shown.filter((one) => one.includes(secret)),
        seen: seen.filter((one) => one.includes(secret)),
        files: (files[name] ?? []).map((path) => path.slice(home.length + 1)),
      },
    ]),
  );
}
const nowhere = { shown: [], seen: [], files: [] };
const nowhereFor = (secrets: object) => Object.fromEntries(Object.keys(secrets).map((name) => [name, nowhere]));

/** Puts secrets where they have no business to be, and keeps the answers. */
async function misplace(url: string, secrets: readonly string[]): Promise<void> {
  const keep = async (target: string, options: SendOptions) => {
    const { status, headers, body } = await send(url, target, options);
    expect(status).toBeGreaterThanOrEqual(400);
    shown.push(JSON.stringify([headers, body]));
  };
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const secret of secrets) {
    const credentials = { email, password: secret };
    await keep(`GET /profile?token=${secret}`, {});
    await keep(`GET /${secret}`, {});
    await keep(`DELETE /sessions/${secret}`, { session: secret });
    await keep('GET /profile', { session: `${secret}=${secret}` });
    await keep('GET /profile', { headers: { authorization: `Bearer ${secret}`, 'x-api-key': secret } });
    await keep('PATCH /users', { json: credentials });
    await keep('POST /users', { json: { ...credentials, email: secret } });
    await keep('POST /users', { json: { email, password: [secret] } });
    await keep('POST /users', { json: credentials, headers: { origin: `https://${secret}.example`, ...json } });
    await keep('POST /users', { json: credentials, headers: { host: `${secret}.example`, ...json } });
    await keep('POST /users', { raw: `{"email":"${email}","password":"${secret}`, headers: json });
    await keep('POST /users', { raw: `password=${secret}%`, headers: form });
    await keep('POST /users', { raw: JSON.stringify(credentials), headers: { 'content-type': 'text/plain' } });
    await keep('POST /users', { raw: secret.repeat(1000), headers: json });
    await keep('PUT /reset_password', { json: { email, reset_token: secret, new_password: secret } });
    shown.push(await sendBytes(url, `GET /${secret} HTTP/1.1\r\n${secret}\r\n\r\n`));
  }
}

async function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(bytes);
  return text(socket);
}

describe('planted secrets', () => {
  it('of people and of the mail server are nowhere but where they belong, when the daemon is killed', async () => {
    const mailServer = await startMailServer();
    const env = {
      AUTHSVC_LISTEN_PORT: '0',
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_LOG_LEVEL: 'trace',
      AUTHSVC_STORAGE: 'file',
      AUTHSVC_EMAIL_VERIFICATION: 'off',
      AUTHSVC_SMTP_URL: `smtp://mailer:${passwords.smtp}@127.0.0.1:${mailServer.port}`,
    };
    await command('daemon start', env);
    const status = await command('daemon status --json', env);
    const { pid, url } = JSON.parse(status.stdout) as { pid: number; url: string };
    const run = async (args: string, exitCode: number, input?: string, extra: Environment = {}) => {
      const end = await command(args, { ...env, AUTHSVC_URL: url, ...extra }, input);
      expect([args, end.exitCode, end.stderr]).toEqual([args, exitCode, expect.any(String)]);
      return end;
    };
    const openSession = async () => {
      const sessions = join(home, '.local', 'state', 'authsvc', 'sessions');
      const [file = ''] = await readdir(sessions);
      return (await readFile(join(sessions, file), 'utf8')).trim();
    };
    const named = `--email ${email} --password-stdin`;
    try {
      await run(`register ${named}`, 0, passwords.first);
      await run(`register ${named}`, 5, passwords.wrong);
      await run(`login ${named}`, 4, passwords.wrong);
      await run(`login ${named}`, 0, passwords.first);
      const firstSession = await openSession();
      await run('password --password-stdin --new-password-stdin', 4, `${passwords.wrong}\n${passwords.second}`);
      await run('password --password-stdin --new-password-stdin', 0, `${passwords.first}\n${passwords.second}`);
      await run('profile', 0, undefined, { AUTHSVC_SESSION: firstSession });
      await run('profile', 4, undefined, { AUTHSVC_SESSION: passwords.token });
      await send(url, 'POST /reset_password', { json: { email } });
      const { resetToken } = await mailServer.mail(1);
      await run(`reset ${named} --token-stdin`, 5, `${passwords.token}\n${passwords.third}`);
      await run(`reset ${named} --token-stdin`, 0, `${resetToken}\n${passwords.third}`);
      await run(`login ${named}`, 0, passwords.third);
      const session = await openSession();
      await run('exec -- true', 0);
      for (const args of ['sessions', 'audit', `users show ${email}`, 'daemon status', 'daemon logs'])
        await run(args, 0);
      await run(`backup ${join(home, 'backup.db')}`, 0);
      await command('doctor', env);
      await misplace(url, [...Object.values(passwords), firstSession, session, resetToken]);
      const issued = await runAuthsvc(['users', 'reset', email, '--json'], { home, env });
      const { reset_token: operatorToken } = JSON.parse(issued.stdout) as { reset_token: string };

      process.kill(pid, 'SIGKILL');
      const secrets = { ...passwords, firstSession, resetToken, operatorToken, session };
      expect(Object.values(secrets)).not.toContain('');
      const found = await search({ ...secrets, hash: '$2b$10$', email, daemon: 'authsvc.js' });
      const inDatabases = expect.stringMatching(/\/authsvc\.db(-wal)?$|^backup\.db$/);
      expect(found).toMatchObject({
        ...nowhereFor(secrets),
        // The fallback for machines without a keychain, which was asked for.
        session: { shown: [], seen: [], files: [expect.stringMatching(/^\.local\/state\/authsvc\/sessions\/\w+$/)] },
        hash: { shown: [], seen: [] },
      });
      for (const file of found.hash?.files ?? []) expect(file).toEqual(inDatabases);
      // The search is known to work.
      expect(found.email?.files).toEqual(expect.arrayContaining([inDatabases]));
      expect(found.email?.shown).not.toEqual([]);
      if (process.platform === 'linux') expect(found.daemon?.seen).not.toEqual([]);
    } finally {
      stopIfAlive(pid);
      await mailServer.stop();
    }
  });

  it('of the database are nowhere, whether it lets the daemon in or not', async () => {
    const url = new URL(await makePostgresDatabase());
    const settings = { AUTHSVC_DATABASE_URL: url.href, AUTHSVC_LOG_LEVEL: 'trace' };
    const daemon = await startDaemon({ home, settings });
    try {
      const env = { ...settings, AUTHSVC_DATA_DIR: daemon.dataFolder, AUTHSVC_URL: daemon.url };
      for (const args of ['daemon status', 'doctor', 'users list', 'audit']) await command(args, env);
      await command(`backup ${join(home, 'backup.db')}`, env);
      await misplace(daemon.url, [url.password]);
    } finally {
      await daemon.stop();
    }
    shown.push(daemon.stdout(), daemon.stderr());

    const { password } = url;
    url.password = passwords.wrong;
    for (const wrong of [url.href, `${url.href}&sslmode=nonsense`, url.href.replace('postgres', 'postgrex')]) {
      const env = { AUTHSVC_DATABASE_URL: wrong, AUTHSVC_LOG_LEVEL: 'trace', AUTHSVC_LISTEN_PORT: '0' };
      const refused = await command('daemon start', env);
      expect(refused.exitCode).not.toBe(0);
      await command('doctor', env);
    }
    const secrets = { password, wrong: passwords.wrong };
    expect(await search(secrets)).toEqual(nowhereFor(secrets));
  });
});

function stopIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was killed, as it should be.
  }
}
