import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { type LocalServer, serveLocally } from '../support/local-server.ts';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const password = 'correct horse battery';
const victim = { email: 'ada@example.com', password };
const attacker = { email: 'eve@example.com', password };

const attacks: readonly [what: string, path: string, fields: Readonly<Record<string, string>>][] = [
  ['logs in as another', '/login', attacker],
  ['makes an account', '/register', { email: 'new@example.com', password }],
  ['logs out', '/logout', {}],
  ['changes the email', '/account/email', { new_email: attacker.email, password }],
  ['changes the password', '/account/password', { current_password: password, new_password: 'staple after staple' }],
  ['deletes the account', '/account/delete', { password }],
  ['ends sessions', '/account/end-other-sessions', {}],
  ['asks for a reset', '/reset', { email: victim.email }],
];

describe.skipIf(browserObstacle)('a page of another site', () => {
  let home: TemporaryFolder;
  let browser: Browser;
  let daemon: Daemon;
  let site: LocalServer;
  let evilUrl: string;
  let content: string;
  let walk: Walk;
  let evil: Page;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    site = await serveLocally((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>${content}`);
    });
    evilUrl = site.url.replace('127.0.0.1', 'evil.test');
    [daemon, browser] = await Promise.all([startDaemon({ home: home.path }), startBrowser(home.path)]);
    for (const who of [victim, attacker]) await send(daemon.url, 'POST /users', { json: who });
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await site?.stop();
    await home.remove();
  });

  beforeEach(async () => {
    walk = await openWalk(browser, daemon.url, { javaScriptEnabled: true });
    await walk.goTo('/login');
    await walk.fill({ Email: victim.email, Password: password }, 'Log in');
    evil = await walk.context.newPage();
    return walk.close;
  });

  const session = async () => (await walk.context.cookies(daemon.url)).find(({ name }) => name === 'session_id')?.value;

  it.each(attacks)('by a form: %s', async (_what, path, fields) => {
    const before = await session();
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    content = `<form method="post" action="${daemon.url}${path}">${inputs.join('')}<button>Win</button></form>`;
    await evil.goto(evilUrl);
    const [answer] = await Promise.all([evil.waitForResponse(`${daemon.url}${path}`), evil.click('button')]);
    expect(answer.status()).toBe(403);
    expect(await session()).toBe(before);
    expect((await send(daemon.url, 'GET /profile', { session: before })).body).toEqual({ email: victim.email });
    // After a few of these, the answer is 429.
    const made = await send(daemon.url, 'POST /sessions', { json: { ...victim, email: 'new@example.com' } });
    expect(made.status).not.toBe(200);
    expect((await send(daemon.url, 'POST /sessions', { json: victim })).status).toBe(200);
  });

  it.each(attacks)('by a script: %s', async (_what, path, fields) => {
    const before = await session();
    content = '<p>Hello</p>';
    await evil.goto(evilUrl);
    const body = new URLSearchParams(fields).toString();
    const type = 'application/x-www-form-urlencoded';
    const request = {
      method: 'POST',
      mode: 'no-cors',
      credentials: 'include',
      headers: { 'content-type': type },
      body,
    };
    // The answer says that no other origin may read it.
    const blocked = evil.waitForEvent('requestfailed');
    await evil.evaluate(`fetch(${JSON.stringify(`${daemon.url}${path}`)}, ${JSON.stringify(request)}).catch(() => {})`);
    expect((await blocked).failure()?.errorText).toMatch(/BLOCKED_BY_RESPONSE/);
    expect(await session()).toBe(before);
    expect((await send(daemon.url, 'GET /profile', { session: before })).body).toEqual({ email: victim.email });
  });

  it.each(['/login', '/register', '/logout', '/reset', '/account', '/account/delete'])(
    'frames nothing of %s',
    async (path) => {
      content = `<iframe src="${daemon.url}${path}"></iframe>`;
      await evil.goto(evilUrl);
      const framed = () => evil.frames().filter((frame) => frame !== evil.mainFrame());
      // The refusal of a frame arrives a moment after the page.
      await expect.poll(() => framed().map((frame) => frame.url())).toEqual(['chrome-error://chromewebdata/']);
    },
  );
});
