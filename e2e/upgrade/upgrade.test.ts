import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { startMailServer } from '../../test/mail-server.ts';
import { startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { type Dialect, makeOldPostgres, makeOldSqlite, old } from './old-database.mjs';

const { emails, password, session } = old;
const newPassword = 'new_secure_password';

/** @returns the settings of a service on a database that version 1.0.0 left. */
async function makeOld(dialect: Dialect, home: string): Promise<Record<string, string>> {
  if (dialect === 'sqlite') {
    await makeOldSqlite(join(home, 'data', 'authsvc.db'));
    return {};
  }
  const url = await makePostgresDatabase();
  await makeOldPostgres(url);
  return { AUTHSVC_DATABASE_URL: url };
}

describe.each(['sqlite', 'postgres'] as const)('what version 1.0.0 left, on %s', (dialect) => {
  it('works on: passwords, sessions, reset tokens, delays, owed mails and what was disabled', async ({ home }) => {
    const mails = await startMailServer();
    onTestFinished(mails.stop);
    const settings = { ...(await makeOld(dialect, home)), AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${mails.port}` };
    const daemon = await serve(home, settings);
    const ask = async (target: string, json: object) => {
      // A machine that is busy may answer 503, with nothing written.
      for (;;) {
        const { status } = await send(daemon.url, target, { json });
        if (status !== 503) return status;
      }
    };
    const logIn = (email: string, secret = password) => ask('POST /sessions', { email, password: secret });

    // First, while the delay lasts, of two minutes in all.
    expect(await logIn(emails.throttled)).toBe(429);
    expect((await send(daemon.url, 'GET /whoami', { session })).body).toMatchObject({
      user: { email: emails.loggedIn, role: 'user', email_verified: false },
    });
    expect(await logIn(emails.loggedIn, newPassword)).toBe(401);
    expect(await logIn(emails.loggedIn)).toBe(200);
    expect(await logIn(emails.disabled)).toBe(401);

    const reset = { email: emails.forgetful, reset_token: old.resetToken, new_password: newPassword };
    expect(await ask('PUT /reset_password', reset)).toBe(200);
    expect(await ask('PUT /reset_password', reset)).toBe(403);
    expect(await logIn(emails.forgetful)).toBe(401);
    expect(await logIn(emails.forgetful, newPassword)).toBe(200);

    const mail = await mails.mail(1);
    expect(mail.to).toEqual([emails.owedMail]);
    const mailed = { email: emails.owedMail, reset_token: mail.resetToken, new_password: newPassword };
    expect(await ask('PUT /reset_password', mailed)).toBe(200);
    expect(await logIn(emails.owedMail, newPassword)).toBe(200);
  });
});

describe('the way back', () => {
  it('brings the very database that version 1.0.0 left, for that version to open', async ({ home }) => {
    const [path, backup] = [join(home, 'data', 'authsvc.db'), join(home, 'before-upgrade.db')];
    await makeOldSqlite(path);
    const read = async () => [
      await querySqlite(path, 'select name, sql from sqlite_schema order by name'),
      await querySqlite(path, 'select * from users'),
    ];
    const left = await read();
    await querySqlite(path, 'vacuum into ?', [backup]);
    await (await startDaemon({ home })).stop();
    expect(await read()).not.toEqual(left);
    const env = { AUTHSVC_DATA_DIR: join(home, 'data') };
    expect(await runAuthsvc(['restore', backup, '--yes'], { home, env })).toMatchObject({ exitCode: 0 });
    expect(await read()).toEqual(left);
  });
});
