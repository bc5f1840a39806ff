import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Certificate, makeCertificate } from '../../test/certificate.ts';
import { type MailServer, type MailServerOptions, startMailServer } from '../../test/mail-server.ts';
import type { Daemon } from '../support/daemon.ts';
import { findInFiles } from '../support/find-in-files.ts';
import { send } from '../support/http-client.mjs';
import { makeHome, serve as serveWith } from '../support/journey.ts';
import type { Environment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const newPassword = 'staple after staple';
const instructions = (address: string) => ({ email: address, message: 'reset instructions sent' });

/** Without verification: an account is there at once, and its reset is the only mail. */
const serve = (folder: string, settings: Environment) =>
  serveWith(folder, { AUTHSVC_EMAIL_VERIFICATION: 'off', ...settings });

let home: string;
let certificate: Certificate;
beforeEach(async () => {
  home = await makeHome();
  certificate = makeCertificate(home);
});

async function mailServer(options?: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options);
  onTestFinished(server.stop);
  return server;
}

const register = (daemon: Daemon) => send(daemon.url, 'POST /users', { json: { email, password } });
const ask = (daemon: Daemon, address = email) => send(daemon.url, 'POST /reset_password', { json: { email: address } });
const logIn = async (daemon: Daemon, secret: string) =>
  (await send(daemon.url, 'POST /sessions', { json: { email, password: secret } })).status;
const trusted = () => ({ NODE_EXTRA_CA_CERTS: certificate.certFile });
const events = (daemon: Daemon, name: string) =>
  daemon
    .stderr()
    .split('\n')
    .filter((line) => line.includes(`"event":"${name}"`));

describe('a reset by mail', () => {
  it.each([
    ['smtps', true],
    ['smtp', false],
  ])('reaches the owner alone, over TLS, by %s', async (protocol, secure) => {
    const server = await mailServer({ certificate, secure });
    const smtp = { AUTHSVC_SMTP_URL: `${protocol}://ada:secret@localhost:${server.port}` };
    const daemon = await serve(home, { ...smtp, ...trusted(), AUTHSVC_MAIL_FROM: 'Example <auth@example.com>' });
    await register(daemon);

    expect((await ask(daemon, 'nobody@example.com')).body).toEqual(instructions('nobody@example.com'));
    expect((await ask(daemon, 'ADA@example.com')).body).toEqual(instructions('ADA@example.com'));
    const mail = await server.mail(1);
    expect([mail.to, mail.secure, mail.user]).toEqual([[email], true, 'ada']);
    expect(await findInFiles([join(home, 'data')], { token: mail.resetToken })).toEqual({ token: [] });
    expect(daemon.stderr()).not.toContain(mail.resetToken);

    const fields = { email, reset_token: mail.resetToken, new_password: newPassword };
    expect((await send(daemon.url, 'PUT /reset_password', { json: fields })).status).toBe(200);
    expect([await logIn(daemon, password), await logIn(daemon, newPassword)]).toEqual([401, 200]);
    expect(server.mails).toHaveLength(1);
  });

  it('is asked for and finished from the terminal', async () => {
    const server = await mailServer();
    const daemon = await serve(home, { AUTHSVC_SMTP_URL: `smtp://localhost:${server.port}` });
    await register(daemon);
    const authsvc = (args: readonly string[], input: string) =>
      runAuthsvc(args, { home, env: { AUTHSVC_URL: daemon.url }, input });

    // The command does not know beforehand how the token is delivered; if by mail, it does not use
    // the password yet.
    const asked = await authsvc(['reset', '--email', email, '--password-stdin', '--json'], newPassword);
    expect([asked.exitCode, JSON.parse(asked.stdout)]).toEqual([
      0,
      { email, server: daemon.url, status: 'instructions_sent' },
    ]);
    expect(await logIn(daemon, password)).toBe(200);
    const { resetToken } = await server.mail(1);
    const finish = ['reset', '--email', email, '--token-stdin', '--password-stdin', '--json'];
    const finished = await authsvc(finish, `${resetToken}\n${newPassword}\n`);
    expect([finished.exitCode, JSON.parse(finished.stdout)]).toEqual([
      0,
      { email, server: daemon.url, status: 'password_updated' },
    ]);
    expect(await logIn(daemon, newPassword)).toBe(200);
  });

  it('sends nothing to a server whose certificate is not trusted, and says so in the log', async () => {
    const server = await mailServer({ certificate, secure: true });
    const daemon = await serve(home, { AUTHSVC_SMTP_URL: `smtps://ada:secret@localhost:${server.port}` });
    await register(daemon);
    expect((await ask(daemon)).body).toEqual(instructions(email));
    await expect.poll(() => events(daemon, 'reset_mail_failed'), { timeout: 30_000 }).toHaveLength(1);
    expect(server.mails).toEqual([]);
    expect(daemon.stderr()).not.toContain('secret');
  });

  it('sends nothing to a server whose certificate is for another host', async () => {
    certificate = makeCertificate(home, 'mail.example.com');
    const server = await mailServer({ certificate });
    const daemon = await serve(home, { AUTHSVC_SMTP_URL: `smtp://localhost:${server.port}`, ...trusted() });
    await register(daemon);
    await ask(daemon);
    await expect.poll(() => events(daemon, 'reset_mail_failed'), { timeout: 30_000 }).toHaveLength(1);
    expect(server.mails).toEqual([]);
  });

  it('answers at once, and stops in time, with any fault of the mail server', async () => {
    const server = await mailServer({ hangs: true });
    const daemon = await serve(home, { AUTHSVC_SMTP_URL: `smtp://localhost:${server.port}` });
    await register(daemon);
    await ask(daemon);
    await server.connected();
    const started = performance.now();
    expect((await ask(daemon)).body).toEqual(instructions(email));
    expect(performance.now() - started).toBeLessThan(1000);
    expect((await daemon.stop()).exitCode).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('is sent after a crash that came between the request and the sending, once', async () => {
    const hanging = await mailServer({ hangs: true });
    const settings = { AUTHSVC_SMTP_URL: `smtp://localhost:${hanging.port}` };
    const daemon = await serve(home, settings);
    await register(daemon);
    await ask(daemon);
    await hanging.connected();
    await daemon.stop('SIGKILL');
    await hanging.stop();

    const server = await mailServer({ port: hanging.port });
    const next = await serve(home, settings);
    const { resetToken } = await server.mail(1);
    const fields = { email, reset_token: resetToken, new_password: newPassword };
    expect((await send(next.url, 'PUT /reset_password', { json: fields })).status).toBe(200);
    expect(server.mails).toHaveLength(1);
  });

  it('goes to a file of its own in development, with a link to where the service listens', async () => {
    const mails = join(home, 'mails');
    const daemon = await serve(home, { AUTHSVC_MAIL_DIR: mails, AUTHSVC_NAME: 'Example' });
    expect(events(daemon, 'mails_go_to_files')).toHaveLength(1);
    await register(daemon);
    expect((await ask(daemon)).body).toEqual(instructions(email));
    const files = async () => (await readdir(mails).catch(() => [])).filter((name) => name.endsWith('.json'));
    await expect.poll(files, { timeout: 30_000 }).toHaveLength(1);
    const path = join(mails, (await files())[0] ?? '');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const mail = JSON.parse(await readFile(path, 'utf8'));
    expect(mail).toMatchObject({ to: email, subject: 'Reset your Example password' });
    expect(linkIn(mail.text)).toMatch(`${daemon.url}/reset?email=ada%40example.com&token=`);
  });
});

describe('the mail with a reset token', () => {
  const name = "Ada's & Söhne <3";

  async function mailFrom(settings: Readonly<Record<string, string>>) {
    const server = await mailServer();
    const daemon = await serve(home, { AUTHSVC_SMTP_URL: `smtp://localhost:${server.port}`, ...settings });
    await register(daemon);
    expect((await ask(daemon)).body).toEqual(instructions(email));
    const { parsed, resetToken } = await server.mail(1);
    return { resetToken, mail: parsed };
  }

  it('carries any address and the token to the page, by a link that the reader of a query takes apart', async () => {
    const server = await mailServer();
    const daemon = await serve(home, {
      AUTHSVC_SMTP_URL: `smtp://localhost:${server.port}`,
      AUTHSVC_PUBLIC_URL: 'https://app.example.com/auth',
      AUTHSVC_NAME: name,
      AUTHSVC_REGISTRATIONS_PER_MINUTE: '100',
      AUTHSVC_RESETS_PER_MINUTE: '100',
    });
    const addresses = [
      'ada+tag@example.com',
      'a&token=b@example.com',
      "o'brien@example.com",
      '100%25@example.com',
      'a=b#c?d/e@example.com',
      '`{|}~!*^_$@example.com',
      'ada@bücher.example',
      'ada@例え.テスト',
    ];
    for (const [index, address] of addresses.entries()) {
      expect((await send(daemon.url, 'POST /users', { json: { email: address, password } })).status).toBe(200);
      await ask(daemon, address);
      const { parsed, resetToken } = await server.mail(index + 1);
      const link = linkIn(parsed.text);
      expect(link).toMatch(/^https:\/\/app\.example\.com\/auth\/reset\?[\w.%&=-]+$/);
      expect(hrefsIn(parsed.html)).toEqual([link]);
      const fields = Object.fromEntries(new URL(link).searchParams);
      expect(fields).toEqual({ email: address, token: resetToken });

      expect(`${daemon.stdout()}${daemon.stderr()}`).not.toContain(resetToken);
      expect(await findInFiles([join(home, 'data')], { token: resetToken })).toEqual({ token: [] });
      const choice = { email: fields.email ?? '', reset_token: fields.token ?? '', new_password: newPassword };
      expect((await send(daemon.url, 'PUT /reset_password', { json: choice })).status).toBe(200);
    }
  });

  it('says whose product it is, in headers, in text and in HTML', async () => {
    const { mail, resetToken } = await mailFrom({
      AUTHSVC_PUBLIC_URL: 'https://app.example.com',
      AUTHSVC_NAME: name,
      AUTHSVC_ACCENT_COLOR: '#aa3300',
    });
    expect(mail.subject).toBe(`Reset your ${name} password`);
    expect(mail.from).toEqual({ name, address: 'authsvc@app.example.com' });
    expect(mail.to).toEqual([{ name: '', address: email }]);
    expect(mail.messageId).toMatch(/^<[\da-f-]{36}@app\.example\.com>$/);
    expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
    expect(mail.attachments).toEqual([]);
    expect(mail.text).toContain(`of ${email} at ${name}.`);
    expect(unescapeHtml(mail.html)).toContain(`of ${email} at ${name}.`);
    expect(mail.html).toContain(`>${resetToken}</p>`);
    expect(mail.html).toContain('#aa3300');
  });

  it("links to the application's own pages", async () => {
    const { mail, resetToken } = await mailFrom({
      AUTHSVC_PUBLIC_URL: 'https://auth.example.com',
      AUTHSVC_PAGES: 'https://app.example.com/account/',
    });
    expect(linkIn(mail.text)).toBe(`https://app.example.com/account/reset?email=ada%40example.com&token=${resetToken}`);
  });

  it('names the command and links to nothing where pages are off', async () => {
    const { mail, resetToken } = await mailFrom({ AUTHSVC_PAGES: 'off' });
    const command = `authsvc reset --email ${email} --token-stdin`;
    expect(mail.text).toContain(`\n    ${resetToken}\n`);
    expect(mail.text).toContain(`\n    ${command}\n`);
    expect(mail.html).toContain(`>${command}</p>`);
    expect([hrefsIn(mail.html), linkIn(mail.text)]).toEqual([[], '']);
  });
});

const linkIn = (text = '') => /^https?:\S+$/m.exec(text)?.[0] ?? '';
const hrefsIn = (html = '') => [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => unescapeHtml(href));
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescapeHtml = (html = '') => html.replace(/&(#?\w+);/g, (_, entity: string) => entities[entity] ?? '');
