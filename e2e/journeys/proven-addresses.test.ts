import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../../test/mail-server.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const newEmail = 'ada.king@example.com';
const invitedEmail = 'grace@example.com';
const strangersPassword = 'I was here before you';
const password = 'correct horse battery';

const databases = [
  ['SQLite', () => ({})],
  ['PostgreSQL', async () => ({ AUTHSVC_DATABASE_URL: await makePostgresDatabase() })],
] as const;

describe.skipIf(browserObstacle).for(databases)('proven addresses and invited people, on %s', ([, settingsOf]) => {
  let home: TemporaryFolder;
  let browser: Browser;
  let mails: MailServer;
  let daemon: Daemon;
  let walk: Walk;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    mails = await startMailServer();
    const settings = { ...(await settingsOf()), AUTHSVC_SMTP_URL: `smtp://127.0.0.1:${mails.port}` };
    [daemon, browser] = await Promise.all([startDaemon({ home: home.path, settings }), startBrowser(home.path)]);
    walk = await openWalk(browser, daemon.url);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await mails?.stop();
    await home.remove();
  });

  const logIn = async (address: string, secret: string) =>
    (await send(daemon.url, 'POST /sessions', { json: { email: address, password: secret } })).status;

  /** The path of the link in the newest of so many mails. */
  async function pathIn(address: string, count: number): Promise<string> {
    const sent = () => mails.mails.filter(({ to }) => to.includes(address));
    await expect.poll(sent, { timeout: 30_000 }).toHaveLength(count);
    const { parsed } = sent().at(-1) ?? {};
    const [link = ''] = /^http\S+$/m.exec(parsed?.text ?? '') ?? [];
    expect(link.startsWith(daemon.url)).toBe(true);
    expect(parsed?.html).toContain(`href="${link.replaceAll('&', '&amp;')}"`);
    return link.slice(daemon.url.length);
  }

  it('a stranger who registers an address gets no account', async () => {
    const fields = { email, password: strangersPassword };
    expect((await send(daemon.url, 'POST /users', { json: fields })).body).toEqual({ email, message: 'user created' });
    expect(await logIn(email, strangersPassword)).toBe(401);
    await pathIn(email, 1);
  });

  it('its owner registers by page, and looks in the mailbox', async () => {
    await walk.goTo('/register');
    await walk.fill({ Email: email, Password: strangersPassword }, 'Create account');
    expect(walk.path()).toBe('/verify?asked');
    expect(await walk.heading()).toBe('Look in your mailbox');
  });

  it("and follows the mail's link, which logs no one in before a password is chosen", async () => {
    await walk.goTo(await pathIn(email, 2));
    expect(await walk.heading()).toBe('Confirm your email');
    expect(await walk.page.getByLabel('Email').inputValue()).toBe(email);
    await walk.fill({ Password: 'password1' }, 'Confirm the email');
    expect(await walk.page.getByRole('alert').textContent()).toContain('one of the most common passwords');
    await walk.fill({ Password: password }, 'Confirm the email');
    expect(walk.path()).toBe('/login?done=email-verified');
    expect(await walk.context.cookies()).toEqual([]);
    await walk.fill({ Email: email, Password: password }, 'Log in');
    expect(walk.path()).toBe('/account');
    expect(await logIn(email, strangersPassword)).toBe(401);
  });

  it('a change of email waits until the new mailbox is proven with the password of the account', async () => {
    await walk.follow('Change your email');
    await walk.fill({ 'New email': newEmail, Password: password }, 'Change email');
    expect(await walk.page.getByRole('status').textContent()).toContain('Yours changes once you confirm it there.');
    const notice = await pathIn(email, 3);
    expect(notice).toMatch(/^\/not-me\?token=[\da-f-]{36}$/);
    await walk.goTo(await pathIn(newEmail, 1));
    expect(await walk.heading()).toBe('Confirm your new email');
    await walk.fill({ Password: 'not it at all' }, 'Confirm the new email');
    expect(await walk.page.getByRole('alert').textContent()).toContain('This is not your password.');
    await walk.fill({ Password: password }, 'Confirm the new email');
    expect(await walk.text()).toContain(`You are logged in as ${newEmail}.`);
    expect([await logIn(email, password), await logIn(newEmail, password)]).toEqual([401, 200]);
  });

  it('an invited person follows the link, and chooses a password', async () => {
    const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
    const invite = ['users', 'invite', invitedEmail, '--role', 'editor'];
    expect(await runAuthsvc(invite, { home: home.path, env })).toMatchObject({ exitCode: 0, stdout: '' });
    const path = await pathIn(invitedEmail, 1);
    await walk.context.clearCookies();
    await walk.goTo(path);
    expect(await walk.heading()).toBe('Accept your invitation');
    await walk.fill({ Password: password }, 'Create account');
    expect(walk.path()).toBe('/login?done=account-made');
    await walk.fill({ Email: invitedEmail, Password: password }, 'Log in');
    expect(walk.path()).toBe('/account');
    await walk.goTo(path);
    await walk.fill({ Password: password }, 'Create account');
    expect(await walk.page.getByRole('alert').textContent()).toContain('This invitation is not valid');
    const list = ['users', 'list', '--role', 'editor', '--verified', '--json'];
    const { stdout } = await runAuthsvc(list, { home: home.path, env });
    expect(JSON.parse(stdout).users).toMatchObject([{ email: invitedEmail, last_login_at: expect.any(String) }]);
  });

  it('no mail holds a text that a stranger chose but its own address', () => {
    for (const { source, to } of mails.mails) {
      const others = [email, newEmail, invitedEmail].filter((address) => !to.includes(address));
      for (const address of others) expect(source).not.toContain(address);
    }
    expect(walk.complaints).toEqual([]);
  });
});
