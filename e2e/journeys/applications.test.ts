import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, makeCertificate } from '../../test/certificate.ts';
import { freePort } from '../../test/free-port.mjs';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import {
  type Backends,
  backendNames,
  backendsObstacle,
  prepareBackends,
  type RunningBackends,
  startBackends,
} from '../support/example-backends.ts';
import { proxiesObstacle, proxyFiles } from '../support/example-proxies.ts';
import { type ExampleSite, openExampleSite } from '../support/example-site.ts';
import { send } from '../support/http-client.mjs';
import { type LocalServer, serveLocally } from '../support/local-server.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const password = 'correct horse battery';

describe.skipIf(browserObstacle ?? backendsObstacle ?? proxiesObstacle)('the three applications', () => {
  let home: TemporaryFolder;
  let prepared: Backends;
  let browser: Browser;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    [prepared, browser] = await Promise.all([prepareBackends(home.path), startBrowser(home.path)]);
  });
  afterAll(async () => {
    await browser?.close();
    await home.remove();
  });

  describe('and the service, on one origin', () => {
    let certificate: Certificate;
    let servicePort: number;
    let port: number;
    let daemon: Daemon;
    let backends: RunningBackends;

    const startService = () => {
      const publicUrl = `https://app.example.com:${port}/auth`;
      const settings = { AUTHSVC_LISTEN_PORT: String(servicePort), AUTHSVC_PUBLIC_URL: publicUrl };
      return startDaemon({ home: home.path, settings });
    };
    beforeAll(async () => {
      certificate = makeCertificate(home.path, 'localhost', 'IP:127.0.0.1', 'DNS:app.example.com');
      [servicePort, port] = [await freePort(), await freePort()];
      daemon = await startService();
      backends = await startBackends(prepared, home.path, {
        AUTHSVC_PUBLIC_URL: `https://app.example.com:${port}/auth`,
        AUTHSVC_INTERNAL_URL: daemon.url,
      });
    });
    afterAll(async () => {
      await backends?.stop();
      await daemon?.stop();
    });

    describe.each(proxyFiles)('by examples/%s', (file) => {
      const email = `ada@${file.replace(/\W/g, '-')}.example`;
      const newEmail = `new-${email}`;
      const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
      let site: ExampleSite;
      let id: string;
      const askWithToken = (path: string) =>
        site.ask(`GET ${path}?token=${token}`, {
          headers: { referer: `https://app.example.com/reset?token=${token}` },
        });

      beforeAll(async () => {
        const backendPorts = backends.ports;
        site = await openExampleSite(file, { home: home.path, browser, certificate, port, servicePort, backendPorts });
      });
      afterAll(() => site?.stop());

      it('admit no request before a login', async () => {
        const visits = await site.visitEach();
        expect(visits.map(({ status }) => status)).toEqual([401, 401, 401]);
      });

      it('show one id after one login in Chromium', async () => {
        expect(await site.fetchJson('POST', '/auth/users', { email, password })).toBe(200);
        await site.page.getByLabel('Email').fill(email);
        await site.page.getByLabel('Password').fill(password);
        await site.page.getByRole('button').click();
        await site.page.getByText('logged in').waitFor();
        const visits = await site.visitEach();
        id = visits[0]?.me.id ?? '';
        expect(visits).toEqual(backendNames.map(() => ({ status: 200, me: { id, email, since: expect.any(String) } })));
      });

      it('keep the session in the cookie that only https can have', async () => {
        expect(await site.context.cookies()).toEqual([
          expect.objectContaining({ name: '__Host-session_id', secure: true, httpOnly: true, sameSite: 'Lax' }),
        ]);
      });

      it('leave the service to see where a login comes from, and not where it claims to', async () => {
        const headers = { 'x-forwarded-for': '203.0.113.9' };
        const login = {
          json: { email, password },
          headers,
          from: '127.0.0.9',
          agent: false as const,
          session: undefined,
        };
        const { session } = await site.ask('POST /auth/sessions', login);
        const { body } = await site.ask('GET /auth/sessions', { session });
        expect(body).toMatchObject({
          sessions: expect.arrayContaining([expect.objectContaining({ current: true, address: '127.0.0.9' })]),
        });
      });

      it('find at /auth/ what a form needs to know', async () => {
        const { headers } = await site.ask('GET /auth');
        expect(new URL(headers.location ?? '', 'https://app.example.com').pathname).toBe('/auth/');
        expect((await site.ask('GET /auth/')).body).toMatchObject({ registration: 'open', password_min_length: 8 });
      });

      it('show the same id and the same row after a change of email', async () => {
        const before = await site.visitEach();
        expect(await site.fetchJson('PUT', '/auth/profile/email', { password, new_email: newEmail })).toBe(200);
        expect(await site.visitEach()).toEqual(
          before.map(({ me }) => ({ status: 200, me: { ...me, email: newEmail } })),
        );
      });

      it('answer 503 and admit no request while the service is down, and work again after', async () => {
        await daemon.stop('SIGKILL');
        expect((await askWithToken('/auth/health')).status).toBe(502);
        for (const backend of backendNames) {
          expect(await site.askOften(backend, 100)).toEqual({ 503: 100 });
          expect((await site.ask(`GET /app-${backend}/me`)).headers['retry-after']).toBe('5');
        }
        daemon = await startService();
        const visits = await site.visitEachOnceItIsBack();
        expect(visits.map(({ status, me }) => [status, me.id])).toEqual(backendNames.map(() => [200, id]));
      });

      const often = 1000;
      it(`admit none of the next ${often} requests to each after \`users revoke\``, async () => {
        for (const backend of backendNames) expect(await site.askOften(backend, 10)).toHaveProperty('200');
        const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
        const { exitCode } = await runAuthsvc(['users', 'revoke', newEmail], { home: home.path, env });
        expect(exitCode).toBe(0);
        for (const backend of backendNames) {
          const counts = await site.askOften(backend, often);
          expect(counts).toHaveProperty('401');
          expect(counts).not.toHaveProperty('200');
        }
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
  });

  describe('ask the service', () => {
    let stub: LocalServer;
    let backends: RunningBackends;
    let asked: IncomingMessage | undefined;
    let answerWith: (response: ServerResponse) => void;
    beforeAll(async () => {
      stub = await serveLocally((request, response) => {
        asked = request;
        answerWith(response);
      });
      backends = await startBackends(prepared, home.path, { AUTHSVC_INTERNAL_URL: `${stub.url}/auth` });
    });
    afterAll(async () => {
      await backends?.stop();
      await stub?.stop();
    });

    it.each(backendNames)('%s: with the session cookie and no other, and all that says who asks', async (backend) => {
      answerWith = (response) => response.writeHead(401).end('{}');
      const cookie = 'theme=dark; session_id=one; __Host-session_id=two; my_session_id=three; session_id=four';
      const origin = 'https://app.example.com';
      const headers = { cookie, origin, 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '203.0.113.9' };
      await send(`http://127.0.0.1:${backends.ports[backend]}`, `GET /app-${backend}/me`, { headers });
      const { url, headers: passedOn } = asked ?? {};
      expect(url).toBe('/auth/whoami');
      expect(passedOn).toMatchObject({
        ...headers,
        cookie: 'session_id=one; session_id=four',
        'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      });
    });

    const user = { id: 'e4f8c337-88f1-4bc4-89f7-7d39b98a3d44', email: 'ada@example.com' };
    it.each([
      ['500', 500, JSON.stringify({ user })],
      ['a redirect', 302, ''],
      ['403', 403, JSON.stringify({ user })],
      ['204', 204, ''],
      ['what is not JSON', 200, 'welcome'],
      ['no user', 200, '{}'],
      ['null', 200, 'null'],
      ['a user whose id is null', 200, JSON.stringify({ user: { ...user, id: null } })],
      ['a user whose id is empty', 200, JSON.stringify({ user: { ...user, id: '' } })],
      ['a user without an id', 200, JSON.stringify({ user: { email: user.email } })],
    ])('and admit no request when it answers %s', async (_what, status, body) => {
      answerWith = (response) => response.writeHead(status, { location: '/elsewhere' }).end(body);
      for (const backend of backendNames) {
        const answer = await send(`http://127.0.0.1:${backends.ports[backend]}`, `GET /app-${backend}/me`);
        expect([backend, answer.status, answer.headers['retry-after']]).toEqual([backend, 503, '5']);
      }
    });

    it('and admit no request when it does not answer, within a bounded time', async () => {
      answerWith = () => undefined;
      const answers = backendNames.map((backend) =>
        send(`http://127.0.0.1:${backends.ports[backend]}`, `GET /app-${backend}/me`),
      );
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503, 503]);
    });

    it('and let no cache keep what they answer', async () => {
      answerWith = (response) => response.writeHead(200).end(JSON.stringify({ user }));
      for (const backend of backendNames) {
        const answer = await send(`http://127.0.0.1:${backends.ports[backend]}`, `GET /app-${backend}/me`);
        expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      }
    });
  });
});
