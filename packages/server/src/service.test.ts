import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AboutBody } from '@authsvc/client/contract';
import { openSqliteDatabase } from '@authsvc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config/config.ts';
import { requestRulesFor } from './http/request-rules.ts';
import { type RunningService, startService } from './service.ts';
import { json } from './testing/requests.ts';

const UUID = /^[0-9a-f-]{36}$/;

describe('startService', () => {
  let folder: string;
  let logLines: string[];
  const running: RunningService[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-server-'));
    logLines = [];
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.close();
    await rm(folder, { recursive: true });
  });

  async function start(env: Record<string, string> = {}): Promise<RunningService> {
    const config = loadConfig({
      AUTHSVC_DATA_DIR: join(folder, 'data'),
      AUTHSVC_LISTEN_PORT: '0',
      AUTHSVC_BCRYPT_COST: '10',
      ...env,
    });
    const service = await startService(config, { logStream: { write: (line) => logLines.push(line) } });
    running.push(service);
    return service;
  }

  async function refusal(env: Record<string, string>): Promise<string> {
    const error = await start(env).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error('it started');
    expect(error.name).toMatch(/^(StartRefusedError|DatabaseRefusedError)$/);
    return error.message;
  }

  const logged = () => logLines.map((line) => JSON.parse(line));
  const request = (service: RunningService, path: string, fields: unknown) => {
    const { method = 'POST', payload, headers } = json(fields);
    return fetch(service.url + path, {
      method,
      body: String(payload),
      headers: { ...headers } as Record<string, string>,
    });
  };

  it('serves where it says, and makes everything it keeps for itself alone', async () => {
    const service = await start();
    expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    const data = join(folder, 'data');
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(data)) {
      expect([name, (await stat(join(data, name))).mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('logs what happens to accounts by their ids, and warns of what is risky or mistaken', async () => {
    const service = await start({ AUTHSVC_PORT: '4200' });
    await request(service, '/users', { email: 'ada@example.com', password: 'secure_password' });
    await request(service, '/sessions', { email: 'ada@example.com', password: 'secure_password' });
    await request(service, '/sessions', { email: 'ada@example.com', password: 'wrong_password' });
    const client = { email_digest: expect.any(String), address: '127.0.0.1', user_agent: 'node' };
    const line = { level: 'info', time: expect.any(String), user_id: expect.stringMatching(UUID), ...client };
    expect(logged().slice(1)).toEqual([
      {
        level: 'warn',
        time: expect.any(String),
        event: 'reset_delivery_is_response',
        message:
          'reset tokens are handed to anyone who asks for them, which is meant for development: every user of this machine, and anyone behind a proxy that hides itself, can take over any account; AUTHSVC_RESET_DELIVERY changes it',
      },
      {
        level: 'warn',
        time: expect.any(String),
        event: 'setting_unknown',
        message: 'AUTHSVC_PORT is not a setting of authsvc, and has no effect',
      },
      { ...line, event: 'user_registered' },
      { ...line, event: 'login_succeeded', session_id: expect.stringMatching(UUID) },
      { ...line, event: 'login_failed' },
    ]);
    expect(logLines.join('')).not.toContain('ada@example.com');
  });

  it('keeps accounts and sessions over a restart, and leaves the folder to the next', async () => {
    const first = await start();
    await request(first, '/users', { email: 'ada@example.com', password: 'secure_password' });
    const logIn = await request(first, '/sessions', { email: 'ada@example.com', password: 'secure_password' });
    await first.close();
    expect((await readdir(join(folder, 'data'))).sort()).toEqual(['authsvc.db', 'authsvc.db.lock', 'authsvc.lock']);

    const second = await start();
    const cookie = logIn.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const profile = await fetch(`${second.url}/profile`, { headers: { cookie } });
    expect(await profile.json()).toEqual({ email: 'ada@example.com' });
  });

  it('leaves a database from before verification as it was, with a warning, until it is chosen', async () => {
    const env = { AUTHSVC_MAIL_DIR: join(folder, 'mails') };
    const verification = async (chosen = {}) => {
      const service = await start({ ...env, ...chosen });
      const response = await fetch(service.url);
      const { email_verification } = (await response.json()) as AboutBody;
      await service.close();
      return email_verification;
    };
    const warned = () => logged().filter(({ event }) => event === 'email_verification_kept_off').length;
    expect(await verification()).toBe('required');
    expect(warned()).toBe(0);

    const database = await openSqliteDatabase(join(folder, 'data', 'authsvc.db'));
    await database.write('defaults').insert({ setting: 'email_verification', value: 'off' });
    await database.close();
    expect(await verification()).toBe('off');
    expect(warned()).toBe(1);
    expect(await verification({ AUTHSVC_EMAIL_VERIFICATION: 'required' })).toBe('required');
    expect(warned()).toBe(1);
  });

  it('refuses a data folder that another holds, and says who', async () => {
    const service = await start();
    expect(await refusal({})).toMatch(
      new RegExp(
        `^another authsvc \\(pid ${process.pid}, listening on ${service.url} since \\S+Z\\) uses the data folder ${folder}/data$`,
      ),
    );
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
  });

  it('refuses a database that another holds by another way', async () => {
    const databasePath = join(folder, 'accounts.sqlite');
    await start({ AUTHSVC_DATABASE_URL: `sqlite:${databasePath}` });
    await symlink(databasePath, join(folder, 'link.sqlite'));
    const other = {
      AUTHSVC_DATA_DIR: join(folder, 'other'),
      AUTHSVC_DATABASE_URL: `sqlite:${join(folder, 'link.sqlite')}`,
    };
    expect(await refusal(other)).toBe(`another authsvc uses the database ${folder}/link.sqlite`);
    expect(await refusal({ ...other, AUTHSVC_DATABASE_URL: `sqlite:${databasePath}` })).toBe(
      `another authsvc uses the database ${databasePath}`,
    );
  });

  it('refuses a data folder that cannot be one, by name', async () => {
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'shared'));
    await chmod(join(folder, 'shared'), 0o777);
    const refusalOf = (name: string) => refusal({ AUTHSVC_DATA_DIR: join(folder, name) });
    expect(await refusalOf('file')).toBe(`the data folder ${folder}/file is not a folder`);
    expect(await refusalOf('file/data')).toBe(
      `the data folder ${folder}/file/data cannot be reached (ENOTDIR): ${folder}/file is a file, where a folder belongs; move it out of the way`,
    );
    expect(await refusalOf('missing/data')).toBe(
      `the data folder ${folder}/missing/data cannot be made: there is no folder ${folder}/missing`,
    );
    expect(await refusalOf('shared')).toBe(
      `the data folder ${folder}/shared can be written to by other users; close it to them with: chmod 700 ${folder}/shared`,
    );
    expect(await readdir(folder)).toEqual(['file', 'shared']);
  });

  it('makes the default data folder from the ground up', async () => {
    await start({ AUTHSVC_DATA_DIR: '', HOME: join(folder, 'home'), XDG_DATA_HOME: '' });
    expect((await stat(join(folder, 'home/.local/share/authsvc'))).mode & 0o777).toBe(0o700);
  });

  it('refuses a database that cannot be one, by name, and leaves it as it is', async () => {
    await writeFile(join(folder, 'notes.txt'), 'not a database');
    const refusalOf = (name: string) => refusal({ AUTHSVC_DATABASE_URL: `sqlite:${join(folder, name)}` });
    expect(await refusalOf('notes.txt')).toBe(
      `${folder}/notes.txt is not an SQLite database, or is damaged; it was left as it is`,
    );
    expect(await refusalOf('missing/a.db')).toBe(
      `the database ${folder}/missing/a.db cannot be made: there is no folder ${folder}/missing`,
    );
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('not a database');
  });

  it('refuses a port that is taken, lets go of the folder, and starts once it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await refusal({ AUTHSVC_LISTEN_PORT: String(port) })).toMatch(
      new RegExp(
        `^cannot listen on http://127\\.0\\.0\\.1:${port}: \\S.* \\(pid ${process.pid}\\) listens there; choose another port with AUTHSVC_LISTEN_PORT$`,
      ),
    );
    expect(await readdir(join(folder, 'data'))).not.toContain('control.sock');
    await new Promise((resolve) => other.close(resolve));
    expect((await start({ AUTHSVC_LISTEN_PORT: String(port) })).url).toBe(`http://127.0.0.1:${port}`);
  });

  it('answers what is not HTTP with a refusal like any other', async () => {
    const { url } = await start();
    const headers = Object.entries(requestRulesFor({}).headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = (status: string, body: string) =>
      `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n${headers.join('')}\r\n${body}`;
    expect(await exchange(url, 'HELLO\r\n\r\n')).toBe(
      answer('400 Bad Request', '{"code":"invalid_request","message":"malformed HTTP request"}'),
    );
    expect(await exchange(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(16_384)}\r\n\r\n`)).toBe(
      answer(
        '431 Request Header Fields Too Large',
        '{"code":"headers_too_large","message":"the headers are too large: at most 16 KiB"}',
      ),
    );
  });

  it('hands no reset token to HTTP/1.0, which a proxy speaks', async () => {
    const service = await start();
    await request(service, '/users', { email: 'ada@example.com', password: 'secure_password' });
    const head = `POST /reset_password HTTP/1.0\r\nHost: ${new URL(service.url).host}`;
    const body = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\nemail=ada@example.com';
    const answer = await exchange(service.url, `${head}\r\n${body}`);
    expect(answer).toContain('HTTP/1.1 403 Forbidden\r\n');
    expect(answer).toContain('"code":"reset_delivery_refused"');
  });
});

/** Sends these bytes on a connection of its own, and waits for all that comes back. */
function exchange(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', reject).on('close', () => resolve(received));
  });
}
