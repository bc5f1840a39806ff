import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { backendsObstacle, copyExample, installPackages, readCommand, startFlask } from '../examples/backends.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { startListening } from '../support/listening-program.ts';
import { serveLocally } from '../support/local-server.ts';
import { cleanEnvironment, type Environment } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';

/** A form as HTML has it since its beginning, filled in already. */
const form = (action: string) => `<!doctype html><title>Log in</title>
  <form method="post" action="${action}">
    <input name="email" value="${email}"><input name="password" value="${password}"><button>Log in</button>
  </form>`;

describe.skipIf(browserObstacle ?? backendsObstacle)('in development, with no setting at all', () => {
  let home: TemporaryFolder;
  let daemon: Daemon;
  let browser: Browser;
  /** The service by the name that the pages have, too. */
  let service: string;
  let application: string;
  let vite: Record<'asShipped' | 'changingOrigin' | 'withoutProxy', string>;
  const running: { stop(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    home = await makeTemporaryFolder();
    const folder = join(home.path, 'react');
    await copyExample('react', folder);
    const { install = '' } = await readCommand('react');
    [daemon, browser] = await Promise.all([
      startDaemon({ home: home.path }),
      startBrowser(home.path),
      installPackages(folder, install),
    ]);
    const flask = await startFlask(home.path, { AUTHSVC_INTERNAL_URL: daemon.url });
    running.push(daemon, flask);
    application = `http://localhost:${flask.port}`;
    service = `http://localhost:${new URL(daemon.url).port}`;
    await send(daemon.url, 'POST /users', { json: { email, password } });

    const shipped = await readFile(join(folder, 'vite.config.js'), 'utf8');
    // Two servers cannot share a cache.
    const withCache = (name: string) => shipped.replace('plugins:', `cacheDir: 'node_modules/.${name}', plugins:`);
    const changing = withCache('changing').replace('changeOrigin: false', 'changeOrigin: true');
    await writeFile(join(folder, 'changing.config.js'), changing);
    await writeFile(join(folder, 'direct.config.js'), withCache('direct'));
    await writeFile(
      join(folder, 'plain.html'),
      `<meta name="referrer" content="no-referrer">${form('/auth/sessions')}`,
    );
    const [asShipped, changingOrigin, withoutProxy] = await Promise.all([
      startVite(folder, 'vite.config.js'),
      startVite(folder, 'changing.config.js'),
      startVite(folder, 'direct.config.js', { VITE_AUTH_URL: service }),
    ]);
    vite = { asShipped, changingOrigin, withoutProxy };
  });
  afterAll(async () => {
    await browser?.close();
    for (const program of running.reverse()) await program.stop();
    await home.remove();
  });

  async function startVite(folder: string, config: string, settings: Environment = {}): Promise<string> {
    const port = await freePort();
    const command = [process.execPath, 'node_modules/vite/bin/vite.js', '--config', config, '--port', String(port)];
    const env = cleanEnvironment(home.path, { AUTHSVC_INTERNAL_URL: service, ...settings });
    running.push(await startListening({ command, folder, env, port, host: 'localhost' }));
    return `http://localhost:${port}`;
  }

  let context: BrowserContext;
  let page: Page;
  const pages: { stop(): Promise<unknown> }[] = [];
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    for (const served of pages.splice(0)) await served.stop();
  });

  const openPage = async (host: string, html: string) => {
    const served = await serveLocally((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    });
    pages.push(served);
    await page.goto(`http://${host}:${served.port}/`);
  };
  /** Types the credentials into the form of the React page. */
  const fill = async (origin: string, typed = email) => {
    await page.goto(`${origin}/`);
    await page.getByLabel('Email').fill(typed);
    await page.getByLabel('Password').fill(password);
  };
  const greeting = (greeted = email) => page.getByRole('heading', { name: `Hello, ${greeted}` }).waitFor();
  const openApplication = async () => {
    await page.goto(`${application}/note`);
    await greeting();
  };
  const submit = async () => {
    const [answer] = await Promise.all([page.waitForResponse(/sessions$/), page.getByRole('button').click()]);
    return { status: answer.status(), body: await answer.json() };
  };

  it.each(['asShipped', 'changingOrigin'] as const)("logs in through Vite's proxy, %s", async (server) => {
    await fill(vite[server]);
    await page.getByRole('button', { name: 'Log in' }).click();
    await greeting();
    await openApplication();
  });

  it('logs in by a fetch from one port of localhost to another', async () => {
    await fill(vite.withoutProxy);
    await page.getByRole('button', { name: 'Log in' }).click();
    await greeting();
    await openApplication();
  });

  it('signs up on the React page, which keeps a note for each person', async () => {
    const grace = 'grace@example.com';
    const note = page.getByLabel('Your note');
    await fill(vite.asShipped, grace);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await greeting(grace);
    await note.fill('<b>COBOL</b>');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await page.content()).not.toContain('COBOL');

    await fill(vite.asShipped);
    await page.getByRole('button', { name: 'Log in' }).click();
    await greeting();
    expect(await note.inputValue()).toBe('');
    await page.getByRole('button', { name: 'Log out' }).click();

    await fill(vite.asShipped, grace);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByText('email already registered').waitFor();
    await page.getByRole('button', { name: 'Log in' }).click();
    await greeting(grace);
    expect(await note.inputValue()).toBe('<b>COBOL</b>');
  });

  it('builds the React page into files', async () => {
    const folder = join(home.path, 'react');
    await execa('npm', ['run', 'build'], { cwd: folder });
    expect(await readdir(join(folder, 'dist'))).toEqual(['assets', 'index.html']);
  });

  it('logs in by a form on another port of localhost', async () => {
    await openPage('localhost', form(`${service}/sessions`));
    expect(await submit()).toEqual({ status: 200, body: { email, message: 'logged in' } });
    await openApplication();
  });

  it('logs in by a form of a page that sends no referrer, whose Origin is null', async () => {
    await page.goto(`${vite.asShipped}/plain.html`);
    expect(await submit()).toEqual({ status: 200, body: { email, message: 'logged in' } });
  });

  it('hands no reset token to a page of another port', async () => {
    await page.goto(`${vite.withoutProxy}/`);
    const answer = await page.evaluate(
      async ([url = '', body = '']) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(url, { method: 'POST', headers, body });
        return { status: answer.status, body: await answer.json() };
      },
      [`${service}/reset_password`, JSON.stringify({ email })],
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'reset_delivery_refused' } });
  });

  describe.each(['127.0.0.1', 'other.test'])('a page at another site, %s', (host) => {
    it('gets 403 for its form, with the reason, and no cookie', async () => {
      await openPage(host, form(`${service}/sessions`));
      expect(await submit()).toEqual({
        status: 403,
        body: {
          code: 'cross_origin',
          message: expect.stringMatching(/^cross-site request refused: .* \(localhost and 127\.0\.0\.1 are two\)$/),
        },
      });
      expect(await context.cookies()).toEqual([]);
    });

    it('reads the reason by fetch where its origin is trusted, and nothing elsewhere', async () => {
      await openPage(host, '<!doctype html><title>Another site</title>');
      const answer = await page.evaluate(
        async ([url = '', body = '']) => {
          const headers = { 'content-type': 'application/json' };
          const init = { method: 'POST', headers, body, credentials: 'include' } as const;
          return await fetch(url, init).then(
            async (response) => ((await response.json()) as { code: string }).code,
            (error: Error) => error.name,
          );
        },
        [`${service}/sessions`, JSON.stringify({ email, password })],
      );
      expect(answer).toBe(host === '127.0.0.1' ? 'cross_origin' : 'TypeError');
    });

    it('is not let in where a page of localhost has logged in', async () => {
      await openPage('localhost', form(`${service}/sessions`));
      await submit();
      await openPage(host, '<!doctype html><title>Another site</title>');
      const status = await page.evaluate(async (url) => {
        const answer = await fetch(url, { credentials: 'include' }).catch(() => undefined);
        return answer?.status;
      }, `${service}/whoami`);
      expect(status).not.toBe(200);
    });
  });

  // The last, since it stops the service.
  it('says on the React page that the service is away', async () => {
    await daemon.stop();
    await page.goto(`${vite.asShipped}/`);
    await page.getByText('Try again soon').waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
  });
});
