import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../../test/mail-server.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { mustSend, send } from '../support/http-client.mjs';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const newPassword = 'quiet river lamp';
const thiefsEmail = 'thief@example.net';
const thiefsPassword = 'all of this is mine now';
/** On Linux, every address of this network is this machine's. */
const thiefsAddress = '127.0.5.1';

describe.skipIf(browserObstacle)('the owner of an account whose password a thief has', () => {
  let home: TemporaryFolder;
  let browser: Browser;
  let mails: MailServer;
  let daemon: Daemon;
  let walk: Walk;
  let thiefsSession: string | undefined;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    mails = await startMailServer();
    const settings = { AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${mails.port}` };
    [daemon, browser] = await Promise.all([startDaemon({ home: home.path, settings }), startBrowser(home.path)]);
    walk = await openWalk(browser, daemon.url);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await mails?.stop();
    await home.remove();
  });

  /** The path of the link in a mail of this subject. */
  async function pathIn(address: string, subject: string): Promise<string> {
    const find = () => mails.mails.find(({ to, parsed }) => to.includes(address) && parsed.subject === subject);
    await expect.poll(find, { timeout: 30_000 }).toBeDefined();
    const [link = ''] = /^http\S+$/m.exec(find()?.parsed.text ?? '') ?? [];
    expect(link.startsWith(daemon.url)).toBe(true);
    return link.slice(daemon.url.length);
  }
  const tokenIn = (path: string) => new URL(path, daemon.url).searchParams.get('token');

  it('has an account with a proven address, and hears nothing of the first login', async () => {
    await mustSend(daemon.url, 'POST /users', { json: { email, password } });
    await walk.goTo(await pathIn(email, 'Confirm your email for authsvc'));
    await walk.fill({ Password: password }, 'Confirm the email');
    await walk.fill({ Email: email, Password: password }, 'Log in');
    expect(walk.path()).toBe('/account');
    expect(await walk.text()).toContain('Known browsers');
  });

  it('hears of each step that the thief takes', async () => {
    const from = thiefsAddress;
    const loggedIn = await mustSend(daemon.url, 'POST /sessions', { json: { email, password }, from });
    thiefsSession = loggedIn.session;
    const change = { json: { password, new_email: thiefsEmail }, session: thiefsSession, from };
    await mustSend(daemon.url, 'PUT /profile/email', change);
    const verification_token = tokenIn(await pathIn(thiefsEmail, 'Confirm your new email for authsvc'));
    const proof = { email: thiefsEmail, verification_token, password };
    await mustSend(daemon.url, 'PUT /email_verification', { json: proof, from });
    const passwords = { current_password: password, new_password: thiefsPassword };
    await mustSend(daemon.url, 'PUT /profile/password', { json: passwords, session: thiefsSession, from });
    await walk.goTo('/account');
    expect(walk.path()).toBe('/login');
    await pathIn(email, 'Your email at authsvc is about to change');
    await pathIn(email, 'Your email at authsvc was changed');
  });

  it("takes it back by the first notice's link, and chooses a new password by mail", async () => {
    await walk.goTo(await pathIn(email, 'New login to your authsvc account'));
    expect(await walk.heading()).toBe('It was not you?');
    await walk.fill({}, 'It was not me: lock my account');
    expect(walk.path()).toBe('/not-me?locked');
    expect(await walk.heading()).toBe('Your account is locked');
    for (const json of [
      { email, password },
      { email, password: thiefsPassword },
      { email: thiefsEmail, password: thiefsPassword },
    ]) {
      expect((await send(daemon.url, 'POST /sessions', { json })).status).toBe(401);
    }
    expect((await send(daemon.url, 'GET /profile', { session: thiefsSession })).status).toBe(403);
    await walk.follow('Choose a new password');
    await walk.fill({ Email: email }, 'Continue');
    await walk.goTo(await pathIn(email, 'Reset your authsvc password'));
    await walk.fill({ 'New password': newPassword }, 'Set the password');
    await walk.fill({ Email: email, Password: newPassword }, 'Log in');
    expect(walk.path()).toBe('/account');
    expect(await walk.text()).toContain(email);
    expect(await walk.text()).not.toContain(thiefsEmail);
    const sessions = await walk.page.getByRole('button', { name: /^End the session/ }).count();
    expect(sessions).toBe(0);
  });

  it('finds that the link works no second time', async () => {
    await walk.goTo(await pathIn(email, 'New login to your authsvc account'));
    await walk.fill({}, 'It was not me: lock my account');
    expect(await walk.page.getByRole('alert').textContent()).toContain('This link or token is not valid');
    expect(walk.complaints).toEqual([]);
  });
});
