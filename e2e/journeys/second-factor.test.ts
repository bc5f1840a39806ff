import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticatorObstacle, enrol, readCode, readQrCode } from '../support/authenticator.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const USES = 50;
/** More would be refused: a login that is not complete counts as a guess. */
const LOGINS = 4;

const databases = [
  ['SQLite', () => ({})],
  ['PostgreSQL', async () => ({ AUTHSVC_DATABASE_URL: await makePostgresDatabase() })],
] as const;

describe.skipIf(browserObstacle ?? authenticatorObstacle).for(databases)('a second factor on %s', ([, settingsOf]) => {
  let home: TemporaryFolder;
  let browser: Browser;
  let daemon: Daemon;
  let walk: Walk;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    const settings = { ...(await settingsOf()), AUTHSVC_NAME: 'Analytical Engines', AUTHSVC_LOG_LEVEL: 'trace' };
    [daemon, browser] = await Promise.all([startDaemon({ home: home.path, settings }), startBrowser(home.path)]);
    walk = await openWalk(browser, daemon.url);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await home.remove();
  });

  const askForCode = async (person: typeof ada): Promise<string> => {
    const { status, body, cookies } = await send(daemon.url, 'POST /sessions', { json: person });
    expect([status, cookies]).toEqual([401, []]);
    return (body as { second_factor_token: string }).second_factor_token;
  };
  const sendCode = (second_factor_token: string, code: string) =>
    send(daemon.url, 'POST /sessions/second_factor', { json: { second_factor_token, code } });

  it('is read from the QR code on the page, and logs in by page and by HTTP, each code once', async () => {
    const addresses: string[] = [];
    walk.context.on('request', (request) => addresses.push(request.url()));
    await walk.goTo('/register');
    await walk.fill({ Email: ada.email, Password: ada.password }, 'Create account');
    await walk.page.getByRole('link', { name: 'Turn on the second factor' }).click();
    await walk.fill({ Password: ada.password }, 'Continue');
    const url = await readQrCode(await walk.page.screenshot({ fullPage: true }), home.path);
    expect(decodeURIComponent(url.pathname)).toMatch(/Analytical Engines:ada@example.com$/);
    const secret = url.searchParams.get('secret') ?? '';
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(await walk.page.locator('.secret').textContent()).toBe(secret.match(/.{4}/g)?.join(' '));
    const [first, second, third] = [await readCode(secret, -1), await readCode(secret, 0), await readCode(secret, 1)];

    await walk.fill({ Code: first }, 'Turn on');
    const recoveryCodes = await walk.page.locator('.codes li').allTextContents();
    expect(recoveryCodes).toHaveLength(10);
    await walk.follow('Done: back to your account');
    expect(await walk.text()).toMatch(/Second factor\s*On since/);

    await walk.goTo('/logout');
    await walk.fill({}, 'Log out');
    await walk.goTo('/login');
    await walk.fill({ Email: ada.email, Password: ada.password }, 'Log in');
    expect(await walk.heading()).toBe('Enter your code');
    await walk.fill({ Code: `${second.slice(0, 3)} ${second.slice(3)}` }, 'Log in');
    expect(walk.path()).toBe('/account');

    const pending = await askForCode(ada);
    for (const used of [first, second]) {
      expect(await sendCode(pending, used)).toMatchObject({ status: 401, code: 'invalid_code', cookies: [] });
    }
    const opened = await sendCode(pending, third);
    expect(opened).toMatchObject({ status: 200, body: { email: ada.email, message: 'logged in' } });
    const { body } = await send(daemon.url, 'GET /whoami', { session: opened.session });
    expect(body).toMatchObject({ session: { methods: ['password', 'totp'] } });
    await walk.goTo('/login');
    await walk.fill({ Email: ada.email, Password: ada.password }, 'Log in');
    await walk.fill({ Code: third }, 'Log in');
    expect(await walk.text()).toContain('This code was used already. Wait for the next one.');
    await walk.fill({ Code: recoveryCodes[0] ?? '' }, 'Log in');
    expect(walk.path()).toBe('/account');

    const secrets = [secret, pending, first, second, third, ...recoveryCodes];
    const log = daemon.stdout() + daemon.stderr();
    const isIn = (text: string) => secrets.filter((one) => new RegExp(`(?<!\\d)${one}(?!\\d)`).test(text));
    expect(log).toContain('"level"');
    expect(isIn(log)).toEqual([]);
    expect(addresses.length).toBeGreaterThan(10);
    expect(isIn(addresses.join(' '))).toEqual([]);
    expect(walk.complaints).toEqual([]);
  });

  it.each(['of the app', 'for recovery'])('lets one in of fifty who use one code %s at once', async (kind) => {
    const person = { ...ada, email: kind === 'of the app' ? 'bob@example.com' : 'eve@example.com' };
    const { secret, recoveryCodes } = await enrol(daemon.url, person);
    const tokens: string[] = [];
    for (let login = 0; login < LOGINS; login += 1) tokens.push(await askForCode(person));
    const code = kind === 'of the app' ? await readCode(secret, 0) : (recoveryCodes[0] ?? '');
    const uses = Array.from({ length: USES }, (_, use) => sendCode(tokens[use % LOGINS] ?? '', code));
    const answers = await Promise.all(uses);
    const refusals = answers.filter(({ status }) => status !== 200);
    expect(refusals).toHaveLength(USES - 1);
    // PostgreSQL on a busy machine gives up on some that wait for the same row.
    const allowed = ['invalid_code', 'second_factor_expired', 'rate_limited', 'database_unavailable'];
    expect(refusals.filter((refusal) => !allowed.includes(refusal.code ?? ''))).toEqual([]);
    const sessions = answers.flatMap(({ cookies }) => cookies).filter((one) => one.startsWith('session_id='));
    expect(sessions).toHaveLength(1);
  });
});
