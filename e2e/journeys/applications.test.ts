import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, makeCertificate } from '../../test/certificate.ts';
import { freePort } from '../../test/free-port.mjs';
import {
  type Backend,
  type BackendName,
  type Backends,
  backendNames,
  backendsObstacle,
  prepareBackends,
  prepareMilliseconds,
  type RunningBackends,
  startBackend,
  startBackends,
} from '../examples/backends.ts';
import { proxiesObstacle } from '../examples/proxies.ts';
import { type ExampleSite, openExampleSite } from '../examples/site.ts';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type Answer, send } from '../support/http-client.mjs';
import { type LocalServer, serveLocally } from '../support/local-server.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const password = 'correct horse battery';

describe.skipIf(browserObstacle ?? backendsObstacle ?? proxiesObstacle)('an application of examples/', () => {
  let home: TemporaryFolder;
  let prepared: Backends;
  let browser: Browser;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    [prepared, browser] = await Promise.all([prepareBackends(home.path), startBrowser(home.path)]);
  }, prepareMilliseconds);
  afterAll(async () => {
    await browser?.close();
    await home.remove();
  });

  // Each proxy once, and each application once: a proxy does not know what it stands before.
  describe.each([
    ['express', 'nginx/prefix-stripped.conf'],
    ['flask', 'nginx/prefix-kept.conf'],
    ['go', 'caddy/prefix-stripped.Caddyfile'],
    ['fastify', 'caddy/prefix-kept.Caddyfile'],
  ] as const)('and the service, on one origin: examples/%s behind examples/%s', (name, file) => {
    const email = 'ada@example.com';
    const newEmail = 'ada.lovelace@example.com';
    const note = 'The engine weaves algebraic patterns';
    const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
    let folder: TemporaryFolder;
    let port: number;
    let servicePort: number;
    let daemon: Daemon;
    let backend: Backend;
    let site: ExampleSite;
    const publicUrl = () => `https://app.example.com:${port}/auth`;
    const startService = () => {
      const settings = { AUTHSVC_LISTEN_PORT: String(servicePort), AUTHSVC_PUBLIC_URL: publicUrl() };
      return startDaemon({ home: folder.path, settings });
    };
    const askWithToken = (path: string) =>
      site.ask(`GET ${path}?token=${token}`, {
        headers: { referer: `https://app.example.com/reset?token=${token}` },
      });

    beforeAll(async () => {
      folder = await makeTemporaryFolder();
      const certificate: Certificate = makeCertificate(folder.path, 'localhost', 'IP:127.0.0.1', 'DNS:app.example.com');
      [servicePort, port] = [await freePort(), await freePort()];
      daemon = await startService();
      backend = await startBackend(name, prepared[name], home.path, {
        AUTHSVC_PUBLIC_URL: publicUrl(),
        AUTHSVC_INTERNAL_URL: daemon.url,
      });
      const ports = { port, servicePort, applicationPort: backend.port };
      site = await openExampleSite(file, { home: folder.path, browser, certificate, ...ports });
    });
    afterAll(async () => {
      await site?.stop();
      await backend?.stop();
      await daemon?.stop();
      await folder.remove();
    });

    it('lead a stranger to the login', async () => {
      await site.page.goto('/note');
      expect(new URL(site.page.url()).pathname).toBe('/login');
    });

    it('let a person sign up in Chromium, and keep a note', async () => {
      await site.submit('/register', { email, password });
      expect(await site.visit()).toEqual({ status: 200, greeting: `Hello, ${email}`, note: '' });
      await site.page.getByLabel('Your note').fill(note);
      await site.page.getByRole('button', { name: 'Save' }).click();
      await site.page.waitForURL('**/note');
      expect(await site.visit()).toEqual({ status: 200, greeting: `Hello, ${email}`, note });
    });

    it('keep session and device in cookies that only https can have', async () => {
      const cookies = await site.context.cookies();
      expect(cookies.map(({ name }) => name).sort()).toEqual(['__Host-authsvc_device', '__Host-session_id']);
      for (const one of cookies) expect(one).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax' });
    });

    it('leave the service to see where a login comes from, and not where it claims to', async () => {
      const headers = { 'x-forwarded-for': '203.0.113.9', 'user-agent': 'a browser' };
      const from = { headers, from: '127.0.0.9', agent: false, session: undefined } as const;
      const logins = [
        await site.ask('POST /login', { form: { email, password }, ...from }),
        await site.ask('POST /auth/sessions', { json: { email, password }, ...from }),
      ];
      for (const { session } of logins) {
        const { body } = await site.ask('GET /auth/sessions', { session });
        const own = { current: true, address: '127.0.0.9', user_agent: 'a browser' };
        expect(body).toMatchObject({ sessions: expect.arrayContaining([expect.objectContaining(own)]) });
      }
    });

    it('find at /auth/ what a form needs to know', async () => {
      const { headers } = await site.ask('GET /auth');
      expect(new URL(headers.location ?? '', 'https://app.example.com').pathname).toBe('/auth/');
      expect((await site.ask('GET /auth/')).body).toMatchObject({ registration: 'open', password_min_length: 8 });
    });

    it('show the same note after a change of email', async () => {
      const { status } = await site.ask('PUT /auth/profile/email', { json: { password, new_email: newEmail } });
      expect(status).toBe(200);
      expect(await site.visit()).toEqual({ status: 200, greeting: `Hello, ${newEmail}`, note });
    });

    it('answer 503 and admit no request while the service is down, and work again after', async () => {
      await daemon.stop('SIGKILL');
      expect((await askWithToken('/auth/health')).status).toBe(502);
      expect(await site.askOften(100)).toEqual({ 503: 100 });
      expect((await site.ask('GET /note')).headers['retry-after']).toBe('5');
      daemon = await startService();
      expect(await site.visitOnceItIsBack()).toMatchObject({ status: 200, note });
    });

    it('admit none of the next 1000 requests after `users revoke`', async () => {
      expect(await site.askOften(10)).toEqual({ 200: 10 });
      const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
      const { exitCode } = await runAuthsvc(['users', 'revoke', newEmail], { home: folder.path, env });
      expect(exitCode).toBe(0);
      const counts = await site.askOften(1000);
      expect(counts).not.toHaveProperty('200');
      // On a busy machine a few may be 503.
      expect(Object.keys(counts)).toContainEqual(expect.stringMatching(/^30[23]$/));
    });

    it('leave no query in a log, whether or not the service answers', async () => {
      await askWithToken('/auth/health');
      await askWithToken('/reset');
      await site.stop();
      const logs = (await readdir(site.folder)).filter((entry) => entry.endsWith('.log'));
      const texts = await Promise.all(logs.map((log) => readFile(join(site.folder, log), 'utf8')));
      const lines = texts.join('').split('\n');
      expect(lines.filter((line) => line.includes('/auth/health'))).not.toEqual([]);
      expect(lines.filter((line) => line.includes(token))).toEqual([]);
    });
  });

  describe('ask the service', () => {
    let stub: LocalServer;
    let backends: RunningBackends;
    let asked: IncomingMessage | undefined;
    /** The body of what was asked last. */
    let received = '';
    let answerWith: (response: ServerResponse) => void;
    beforeAll(async () => {
      stub = await serveLocally(async (request, response) => {
        asked = request;
        received = await text(request);
        answerWith(response);
      });
      backends = await startBackends(prepared, home.path, {
        AUTHSVC_INTERNAL_URL: `${stub.url}/auth`,
        AUTHSVC_PUBLIC_URL: 'http://localhost:3000/auth',
      });
    });
    afterAll(async () => {
      await backends?.stop();
      await stub?.stop();
    });
    const ask = (backend: BackendName, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
      send(backends.urls[backend], 'GET /note', { headers: { cookie: 'session_id=one', ...headers } });
    const askEach = async () => {
      const answers: [BackendName, number, string | undefined][] = [];
      for (const backend of backendNames) {
        const { status, headers } = await ask(backend);
        answers.push([backend, status, headers['retry-after']]);
      }
      return answers;
    };
    const away = backendNames.map((backend) => [backend, 503, '5']);

    it.each(backendNames)(
      '%s: with the cookies of the service and no other, and all that says who asks',
      async (backend) => {
        answerWith = (response) => response.writeHead(401).end('{}');
        const cookie = 'theme=dark; session_id=one; __Host-session_id=two; my_session_id=three; session_id=four';
        const origin = 'https://app.example.com';
        const said = { origin, 'sec-fetch-site': 'same-origin', 'user-agent': 'a browser' };
        await ask(backend, { ...said, cookie, 'x-forwarded-for': '203.0.113.9' });
        const { url, headers: passedOn } = asked ?? {};
        expect(url).toBe('/auth/whoami');
        expect(passedOn).toMatchObject({
          ...said,
          cookie: 'session_id=one; session_id=four',
          'x-forwarded-for': '203.0.113.9, 127.0.0.1',
        });
      },
    );

    it.each(backendNames)('%s: with a form as it came, and where it came from', async (backend) => {
      answerWith = (response) => response.writeHead(401).end('{"code":"invalid_credentials","message":"no"}');
      const origin = backends.urls[backend];
      const said = { origin, 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '203.0.113.9' };
      const form = { email: 'ada@example.com', password: ' ünï&=+%00"\\ ' };
      await send(origin, 'POST /login', { form, headers: said });
      expect(asked).toMatchObject({ method: 'POST', url: '/auth/sessions' });
      expect(asked?.headers).toMatchObject({ ...said, 'x-forwarded-for': '203.0.113.9, 127.0.0.1' });
      expect(JSON.parse(received)).toEqual(form);
    });

    const user = { id: 'e4f8c337-88f1-4bc4-89f7-7d39b98a3d44', email: 'ada@example.com', role: 'user' };
    const session = { id: '5acb6676-9a3d-4d5c-8a55-0b6f2f7c2f11' };
    it.each([
      ['500', 500, JSON.stringify({ user, session })],
      ['a redirect', 302, ''],
      ['403', 403, JSON.stringify({ user, session })],
      ['204', 204, ''],
      ['what is not JSON', 200, 'welcome'],
      ['no user', 200, '{}'],
      ['null', 200, 'null'],
      ['a user whose id is null', 200, JSON.stringify({ user: { ...user, id: null }, session })],
      ['a user whose id is empty', 200, JSON.stringify({ user: { ...user, id: '' }, session })],
      ['a user without an id', 200, JSON.stringify({ user: { ...user, id: undefined }, session })],
    ])('and admit no request when it answers %s', async (_what, status, body) => {
      answerWith = (response) => response.writeHead(status, { location: '/elsewhere' }).end(body);
      expect(await askEach()).toEqual(away);
    });

    it('and admit no request when it does not answer, within a bounded time', async () => {
      answerWith = () => undefined;
      expect((await Promise.all(backendNames.map((name) => ask(name)))).map(({ status }) => status)).toEqual(
        backendNames.map(() => 503),
      );
    });

    it('and let no cache keep what they answer', async () => {
      answerWith = (response) => response.writeHead(200).end(JSON.stringify({ user, session }));
      for (const backend of backendNames) {
        const { status, headers } = await ask(backend);
        expect([backend, status, headers['cache-control']]).toEqual([backend, 200, 'no-store']);
      }
    });
  });
});
