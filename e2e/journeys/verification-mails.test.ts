import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type MailServer, startMailServer } from '../../test/mail-server.ts';
import type { Daemon } from '../support/daemon.ts';
import { mustSend, send } from '../support/http-client.mjs';
import { makeHome, serve } from '../support/journey.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const publicUrl = 'https://app.example.com/auth';
/** `AUTHSVC_TEST_MAIL_KILLS=50` for as many as the promise names, which takes some minutes. */
const kills = Number(process.env.AUTHSVC_TEST_MAIL_KILLS ?? 5);
/** A mail that was in flight at a kill waits 30 s, and twice as long after each further kill. */
const killsInARow = 10;
const latestKillMs = 60;
const longestRetryMs = 300_000;

let home: string;
let mails: MailServer;
let smtp: { readonly AUTHSVC_SMTP_URL: string };
beforeEach(async () => {
  home = await makeHome();
  mails = await startMailServer();
  onTestFinished(mails.stop);
  smtp = { AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${mails.port}` };
});

/** Resolves once no mail is owed any more. */
async function untilSent(daemon: Daemon, timeout = 90_000): Promise<void> {
  const owed = async () => (await send(daemon.control, 'GET /metrics')).text;
  await expect.poll(owed, { timeout, interval: 200 }).toMatch(/^authsvc_mails_owed 0$/m);
}

describe('mails of registrations', () => {
  it('all go out though the daemon is killed after each answer, and only one in flight goes twice', {
    timeout: longestRetryMs + kills * 30_000,
  }, async ({ annotate }) => {
    const addresses = Array.from({ length: kills }, (_, index) => `ada${index}@example.com`);
    for (const [index, address] of addresses.entries()) {
      const daemon = await serve(home, smtp);
      if (index > 0 && index % killsInARow === 0) await untilSent(daemon, longestRetryMs);
      const ask = async () => (await send(daemon.url, 'POST /users', { json: { email: address, password } })).status;
      // A machine that is busy may answer 503, with nothing written.
      await expect.poll(ask, { timeout: 60_000 }).toBe(200);
      // Node's clock is coarse: some are killed before the mail leaves, some in it, some after it.
      await wait(Math.random() * latestKillMs);
      await daemon.stop('SIGKILL');
    }
    const daemon = await serve(home, smtp);
    await untilSent(daemon, longestRetryMs);
    const reached = new Set(mails.mails.flatMap(({ to }) => to));
    expect(addresses.filter((address) => !reached.has(address))).toEqual([]);
    // Each was noted as sent once. Mails go one after another, so a kill can repeat one at most.
    const audit = await runAuthsvc(['audit', '--since', '1d', '--json'], {
      home,
      env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
    });
    expect(audit.stdout.split('"mail_sent"').length - 1).toBe(kills);
    const repeated = mails.mails.length - kills;
    await annotate(`${kills} kills, ${repeated} mails repeated`);
    expect(repeated).toBeLessThanOrEqual(kills);
  });

  it('of what happened to accounts too, at any moment of a login', {
    timeout: longestRetryMs + kills * 15_000,
  }, async ({ annotate }) => {
    const addresses = Array.from({ length: kills }, (_, index) => `ada${index}@example.com`);
    const settings = { ...smtp, AUTHSVC_EMAIL_VERIFICATION: 'off', AUTHSVC_REGISTRATIONS_PER_MINUTE: '1000' };
    const first = await serve(home, settings);
    for (const address of addresses) {
      const json = { email: address, password };
      await mustSend(first.url, 'POST /users', { json });
      await mustSend(first.control, 'POST /users/verify', { json: { email: address } });
      await mustSend(first.url, 'POST /sessions', { json });
    }
    await first.stop();
    let loginMs = 0;
    for (const [index, address] of addresses.entries()) {
      const daemon = await serve(home, settings);
      const startedAt = performance.now();
      const login = send(daemon.url, 'POST /sessions', {
        json: { email: address, password },
        from: `127.0.2.${index + 1}`,
      });
      if (index === 0) {
        expect((await login).status).toBe(200);
        loginMs = performance.now() - startedAt;
      }
      await Promise.all([
        // The connection of one that is killed on the way is reset.
        login.catch(() => undefined),
        wait(Math.random() * (loginMs + latestKillMs)).then(() => daemon.stop('SIGKILL')),
      ]);
    }
    const daemon = await serve(home, settings);
    await untilSent(daemon, longestRetryMs);
    const { stdout } = await runAuthsvc(['audit', '--since', '1d', '--json'], {
      home,
      env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
    });
    const { events } = JSON.parse(stdout) as { events: { type: string; email: string; address: string | null }[] };
    const loggedIn = events.filter(
      ({ type, address }) => type === 'login_succeeded' && address?.startsWith('127.0.2.'),
    );
    await annotate(`${kills} kills, ${loggedIn.length} of them behind a login; ${mails.mails.length} mails`);
    const reached = new Set(mails.mails.flatMap(({ to }) => to));
    expect([...reached].sort()).toEqual(loggedIn.map(({ email: owner }) => owner).sort());
    expect(events.filter(({ type }) => type === 'mail_sent')).toHaveLength(loggedIn.length);
    expect(mails.mails.length).toBeLessThanOrEqual(2 * loggedIn.length);
    for (const { parsed } of mails.mails) expect(parsed.subject).toBe('New login to your authsvc account');
  });

  it('fill no mailbox beyond its hourly budget, by all kinds together', async () => {
    const often = { AUTHSVC_REGISTRATIONS_PER_MINUTE: '1000', AUTHSVC_RESETS_PER_MINUTE: '1000' };
    const daemon = await serve(home, { ...smtp, ...often });
    for (let round = 0; round < 30; round += 1) {
      await mustSend(daemon.url, 'POST /users', { json: { email, password } });
      await mustSend(daemon.url, 'POST /email_verification', { json: { email } });
      await mustSend(daemon.url, 'POST /reset_password', { json: { email } });
    }
    await untilSent(daemon);
    expect(mails.mails.length).toBeGreaterThan(0);
    expect(mails.mails.length).toBeLessThanOrEqual(10);
    const { resetToken: verification_token } = mails.mails.at(0) ?? {};
    await mustSend(daemon.url, 'PUT /email_verification', { json: { email, verification_token, password } });
  });

  it('hold no host that a header names', { timeout: 120_000 }, async () => {
    const often = { AUTHSVC_REGISTRATIONS_PER_MINUTE: '1000' };
    const daemon = await serve(home, { ...smtp, ...often, AUTHSVC_PUBLIC_URL: publicUrl });
    const evil = 'evil.example';
    const hosts = [
      evil,
      `${evil}:443`,
      `app.example.com.${evil}`,
      `app.example.com@${evil}`,
      `app.example.com, ${evil}`,
    ];
    const own = { host: 'app.example.com' };
    const forms = [
      ...hosts.map((host) => ({ host })),
      ...hosts.flatMap((host) => [
        { ...own, 'x-forwarded-host': host },
        { ...own, 'x-forwarded-server': host },
        { ...own, 'x-original-host': host },
        { ...own, 'x-host': host },
        { ...own, 'x-http-host-override': host },
        { ...own, 'x-forwarded-host': host, 'x-forwarded-proto': 'http', 'x-forwarded-port': '81' },
        { ...own, forwarded: `host=${host};proto=http` },
        { ...own, forwarded: `for=127.0.0.1;host="${host}"` },
        { ...own, 'x-original-url': `http://${host}/`, 'x-rewrite-url': `http://${host}/` },
      ]),
    ];
    expect(forms).toHaveLength(50);
    let asked = 0;
    for (const [index, headers] of forms.entries()) {
      const json = { email: `ada${index}@example.com`, password };
      const { status } = await send(daemon.url, 'POST /auth/users', { json, headers });
      expect([headers, status]).toEqual([headers, expect.toBeOneOf(headers.host === own.host ? [200] : [400, 421])]);
      if (status === 200) asked += 1;
    }
    await untilSent(daemon);
    expect(mails.mails).toHaveLength(asked);
    for (const { parsed, source } of mails.mails) {
      expect(source).not.toContain('evil');
      const links = `${parsed.text}${parsed.html}`.match(/https?:\/\/[^\s"<]+/g) ?? [];
      expect(links.length).toBeGreaterThan(0);
      expect(links.filter((link) => !link.startsWith(`${publicUrl}/verify?`))).toEqual([]);
    }
  });
});

describe('a registration that is closed', () => {
  it('is closed on every door: each operation of openapi.json, each page and each command', async () => {
    const daemon = await serve(home, { ...smtp, AUTHSVC_REGISTRATION: 'closed' });
    const { body } = await mustSend(daemon.url, 'GET /openapi.json');
    const { paths } = body as { paths: Record<string, Record<string, object>> };
    const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
    const values: Record<string, string> = { email, password, new_password: password, current_password: password };
    const fill = (operation: object) => {
      const names = [...new Set(JSON.stringify(operation).match(/"[a-z_]+"(?=:\{"type":"string","minLength")/g))];
      return Object.fromEntries(names.map((name) => JSON.parse(name)).map((name) => [name, values[name] ?? token]));
    };
    const tried: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (method === 'get') continue;
        const fields = fill(operation);
        const target = `${method.toUpperCase()} ${path.replace('{id}', token)}`;
        const encodings = [{ json: fields }, { form: fields }];
        const invited =
          'invitation_token' in fields ? [{ json: { email, password } }, { form: { email, password } }] : [];
        for (const encoding of [...encodings, ...invited]) {
          const { status, code } = await send(daemon.url, target, encoding);
          if (path === '/users') expect([status, code]).toEqual([403, 'registration_closed']);
          tried.push(target);
        }
      }
    }
    expect(tried).toContain('POST /users');
    expect(tried).toContain('PUT /email_verification');

    const form = { email, password };
    const sentForms = [
      ['/register', form],
      ['/invitation', { ...form, invitation_token: token }],
      ['/verify', { ...form, verification_token: token }],
      ['/verify', { email }],
    ] as const;
    for (const [path, fields] of sentForms) {
      const { status } = await send(daemon.url, `POST ${path}`, { form: fields });
      expect([path, status]).toEqual([path, 'password' in fields ? 403 : 303]);
    }
    for (const path of ['/register', '/invitation']) {
      const { status, text } = await send(daemon.url, `GET ${path}`);
      expect([path, status, text.includes('<form')]).toEqual([path, 403, false]);
    }

    const operator = { home, env: { AUTHSVC_DATA_DIR: daemon.dataFolder, AUTHSVC_URL: daemon.url } };
    const invite = await runAuthsvc(['users', 'invite', email, '--json'], operator);
    expect(JSON.parse(invite.stdout)).toMatchObject({ error: { code: 'registration_closed' } });
    const register = ['register', '--email', email, '--password-stdin', '--json'];
    const registered = await runAuthsvc(register, { ...operator, input: password });
    expect(JSON.parse(registered.stdout)).toMatchObject({ error: { code: 'registration_closed' } });

    await untilSent(daemon);
    const { stdout } = await runAuthsvc(['users', 'list', '--json'], operator);
    expect([JSON.parse(stdout).users, mails.mails]).toEqual([[], []]);
  });
});
