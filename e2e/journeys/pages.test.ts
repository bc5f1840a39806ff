import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../../test/mail-server.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const newEmail = 'ada.king@example.com';
const password = 'correct horse battery';
const newPassword = 'staple after staple';
const lastPassword = 'orange lamp, quiet river';

const databases = [
  ['SQLite', () => ({})],
  ['PostgreSQL', async () => ({ AUTHSVC_DATABASE_URL: await makePostgresDatabase() })],
] as const;

describe.skipIf(browserObstacle).for(databases)('the pages for people, without scripts, on %s', ([, settingsOf]) => {
  let home: TemporaryFolder;
  let browser: Browser;
  let mails: MailServer;
  let daemon: Daemon;
  let walk: Walk;
  let elsewhere: Walk;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    mails = await startMailServer();
    const mail = { AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${mails.port}`, AUTHSVC_EMAIL_VERIFICATION: 'off' };
    const settings = { ...(await settingsOf()), ...mail };
    [daemon, browser] = await Promise.all([startDaemon({ home: home.path, settings }), startBrowser(home.path)]);
    walk = await openWalk(browser, daemon.url);
    elsewhere = await openWalk(browser, daemon.url, { viewport: { width: 320, height: 640 } });
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await mails?.stop();
    await home.remove();
  });

  it('lead from the root to the login', async () => {
    await walk.goTo('/');
    expect(walk.path()).toBe('/login');
    expect(await walk.heading()).toBe('Log in');
  });

  it('make an account, and log in to it', async () => {
    await walk.follow('Create one');
    await walk.fill({ Email: email, Password: password }, 'Create account');
    expect(walk.path()).toBe('/account');
    expect(await walk.text()).toContain(email);
    expect(await walk.text()).toMatch(/Chrome on Linux\s+This browser/);
  });

  it('bring a form back with what was typed but the password, and say what was wrong', async () => {
    await elsewhere.goTo('/login');
    await elsewhere.fill({ Email: email, Password: 'not it at all' }, 'Log in');
    expect(await elsewhere.page.getByRole('alert').textContent()).toContain('Wrong email or password.');
    expect(await elsewhere.page.title()).toBe('Problem: Log in · authsvc');
    expect(await elsewhere.page.getByLabel('Email').inputValue()).toBe(email);
    expect(await elsewhere.page.getByLabel('Password').inputValue()).toBe('');
  });

  it('log in from elsewhere', async () => {
    await elsewhere.fill({ Password: password }, 'Log in');
    expect(elsewhere.path()).toBe('/account');
  });

  it('end one session of those that are listed', async () => {
    await walk.goTo('/account');
    await walk.page.getByRole('button', { name: /^End the session: Chrome on Linux, from 127\.0\.0\.1/ }).click();
    expect(walk.path()).toBe('/account?done=session-ended');
    await elsewhere.goTo('/account');
    expect(elsewhere.path()).toBe('/login');
  });

  it('end all other sessions', async () => {
    await elsewhere.fill({ Email: email, Password: password }, 'Log in');
    await walk.goTo('/account');
    await walk.page.getByRole('button', { name: 'End all other sessions' }).click();
    expect(await walk.page.getByRole('status').textContent()).toBe('All other sessions are ended.');
    await elsewhere.goTo('/account/email');
    expect(elsewhere.path()).toBe('/login?return_to=account/email');
  });

  it('lead back after a login', async () => {
    await elsewhere.fill({ Email: email, Password: password }, 'Log in');
    expect(elsewhere.path()).toBe('/account/email');
  });

  it('change the email, for the one who knows the password', async () => {
    await walk.goTo('/account');
    await walk.follow('Change your email');
    await walk.fill({ 'New email': newEmail, Password: 'not it at all' }, 'Change email');
    expect(await walk.page.getByRole('alert').textContent()).toContain('This is not your password.');
    await walk.fill({ Password: password }, 'Change email');
    expect(await walk.page.getByRole('status').textContent()).toBe('Your email is changed.');
    expect(await walk.text()).toContain(newEmail);
  });

  it('change the password', async () => {
    await walk.follow('Change your password');
    await walk.fill({ 'Current password': password, 'New password': '1234567' }, 'Change password');
    expect(await walk.page.getByRole('alert').textContent()).toContain('Use at least 8 characters.');
    await walk.fill({ 'Current password': password, 'New password': newPassword }, 'Change password');
    expect(walk.path()).toBe('/account?done=password-changed');
    await elsewhere.goTo('/account');
    expect(elsewhere.path()).toBe('/login');
  });

  it('log out', async () => {
    await walk.page.getByRole('button', { name: 'Log out' }).click();
    expect(walk.path()).toBe('/login?done=logged-out');
    expect((await walk.context.cookies()).map(({ name }) => name)).toEqual(['authsvc_device']);
  });

  it('ask for a reset, and follow the link of the mail', async () => {
    await walk.follow('Forgot your password?');
    await walk.fill({ Email: newEmail }, 'Continue');
    expect(walk.path()).toBe('/reset?asked');
    const { parsed } = await mails.mail(1);
    const [link = ''] = /^http\S+$/m.exec(parsed.text ?? '') ?? [];
    expect(parsed.html).toContain(`href="${link.replaceAll('&', '&amp;')}"`);
    expect(link.startsWith(daemon.url)).toBe(true);
    await walk.goTo(link.slice(daemon.url.length));
    expect(await walk.heading()).toBe('Choose a new password');
    expect(await walk.page.getByLabel('Email').inputValue()).toBe(newEmail);
  });

  it('choose a password with it, once', async () => {
    const link = walk.path();
    await walk.fill({ 'New password': 'password1' }, 'Set the password');
    expect(await walk.page.getByRole('alert').textContent()).toContain('one of the most common passwords');
    await walk.fill({ 'New password': lastPassword }, 'Set the password');
    expect(walk.path()).toBe('/login?done=password-reset');
    await elsewhere.goTo(link);
    await elsewhere.fill({ 'New password': password }, 'Set the password');
    expect(await elsewhere.page.getByRole('alert').textContent()).toContain('This link or token is not valid');
  });

  it('log in with it', async () => {
    await walk.fill({ Email: newEmail, Password: lastPassword }, 'Log in');
    expect(walk.path()).toBe('/account');
  });

  it('end the session that the browser brought to a login', async () => {
    const cookieOf = async () => (await walk.context.cookies()).find(({ name }) => name === 'session_id')?.value;
    const before = await cookieOf();
    await walk.goTo('/login');
    expect(await walk.text()).toContain(`You are logged in as ${newEmail}.`);
    await walk.fill({ Email: newEmail, Password: lastPassword }, 'Log in');
    const profile = (session: string | undefined) => send(daemon.url, 'GET /profile', { session });
    expect((await profile(before)).status).toBe(403);
    expect((await profile(await cookieOf())).status).toBe(200);
  });

  it('delete the account', async () => {
    await walk.follow('Delete your account');
    await walk.fill({ Password: lastPassword }, 'Delete this account');
    expect(walk.path()).toBe('/login?done=account-deleted');
    await walk.fill({ Email: newEmail, Password: lastPassword }, 'Log in');
    expect(await walk.page.getByRole('alert').textContent()).toContain('Wrong email or password.');
  });

  it('neither break their policy nor ask another host', () => {
    expect([...walk.complaints, ...elsewhere.complaints]).toEqual([]);
  });

  it('leave no token in the log', () => {
    expect(mails.mails.map(({ resetToken }) => daemon.stderr().includes(resetToken))).toEqual([false]);
  });
});
