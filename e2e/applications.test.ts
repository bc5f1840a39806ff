import { Agent } from 'node:https';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../test/free-port.ts';
import { browserObstacle, startBrowser } from './support/browser.ts';
import { type Certificate, makeCertificate } from './support/certificate.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import {
  type BackendName,
  backendNames,
  backendsObstacle,
  prepareBackends,
  type RunningBackends,
  startBackends,
} from './support/example-backends.ts';
import { proxiesObstacle, proxyFiles, startProxy } from './support/example-proxies.ts';
import { type Answer, send } from './support/http-client.ts';
import type { ListeningProgram } from './support/listening-program.ts';
import { runAuthsvc } from './support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/temporary-folder.ts';

const password = 'correct horse battery';

interface Me {
  readonly id: string;
  readonly email: string;
  readonly since: string;
}

describe.skipIf(browserObstacle ?? backendsObstacle ?? proxiesObstacle)('three applications and the service', () => {
  let home: TemporaryFolder;
  let certificate: Certificate;
  let servicePort: number;
  let sitePort: number;
  let daemon: Daemon;
  let backends: RunningBackends;
  let browser: Browser;

  beforeAll(async () => {
    home = await makeTemporaryFolder();
    certificate = await makeCertificate(home.path, 'app.example.com');
    servicePort = await freePort();
    sitePort = await freePort();
    const settings = { AUTHSVC_PUBLIC_URL: site(), AUTHSVC_INTERNAL_URL: `http://127.0.0.1:${servicePort}` };
    [daemon, browser, backends] = await Promise.all([
      startService(),
      startBrowser(home.path),
      prepareBackends(home.path).then((prepared) => startBackends(prepared, home.path, settings)),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await backends?.stop();
    await daemon?.stop();
    await home.remove();
  });

  const site = (path = '/auth') => `https://app.example.com:${sitePort}${path}`;
  const startService = () =>
    startDaemon({
      home: home.path,
      settings: { AUTHSVC_LISTEN_PORT: String(servicePort), AUTHSVC_PUBLIC_URL: site() },
    });

  describe.each(proxyFiles)('on one origin by examples/%s', (file) => {
    const name = file.replace(/\W/g, '-');
    const email = `ada-${name}@example.com`;
    const newEmail = `new-${name}@example.com`;
    let proxy: ListeningProgram;
    let folder: string;
    let context: BrowserContext;
    let page: Page;
    let token: string;
    let agent: Agent;

    beforeAll(async () => {
      folder = join(home.path, name);
      await mkdir(folder);
      proxy = await startProxy(file, { folder, port: sitePort, certificate, servicePort, backendPorts: backends.ports });
      context = await browser.newContext({ ignoreHTTPSErrors: true });
      page = await context.newPage();
      agent = new Agent({ keepAlive: true, maxSockets: 16 });
    });
    afterAll(async () => {
      agent.destroy();
      await context?.close();
      await proxy?.stop();
    });

    /** What a browser says to the site, without the browser. */
    const ask = (target: string, headers: Record<string, string> = {}): Promise<Answer> =>
      send(`https://127.0.0.1:${sitePort}`, target, {
        headers: { host: `app.example.com:${sitePort}`, ...headers },
        session: token,
        cookieName: '__Host-session_id',
        authority: certificate.authority,
        agent,
      });
    const open = async (backend: BackendName): Promise<{ status: number; me: Me }> => {
      const answer = await page.goto(site(`/app-${backend}/me`));
      return { status: answer?.status() ?? 0, me: (await answer?.json()) as Me };
    };
    const openEach = async () => {
      const answers = [];
      for (const backend of backendNames) answers.push(await open(backend));
      return answers;
    };
    /** How often each status was answered to so many requests to one application. */
    const askOften = async (backend: BackendName, times: number): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      const target = `GET /app-${backend}/me`;
      const answers = await Promise.all(Array.from({ length: times }, () => ask(target)));
      for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
      return counts;
    };
    let id: string;

    it('lets nobody in before the login', async () => {
      const answers = await openEach();
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    });

    it('shows one id in all three after one login in Chromium', async () => {
      await page.goto(site('/'));
      const registered = await page.evaluate(
        async ([url = '', body = '']) => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch(url, { method: 'POST', headers, body })).status;
        },
        ['/auth/users', JSON.stringify({ email, password })],
      );
      expect(registered).toBe(200);
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button').click();
      await page.getByText('logged in').waitFor();
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ name: '__Host-session_id', secure: true, httpOnly: true, sameSite: 'Lax' });
      token = cookie?.value ?? '';
      const answers = await openEach();
      expect(answers).toEqual(backendNames.map(() => ({ status: 200, me: expect.objectContaining({ email }) })));
      expect(new Set(answers.map(({ me }) => me.id)).size).toBe(1);
      id = answers[0]?.me.id ?? '';
    });

    it('shows the same id and the same rows after a change of email', async () => {
      const before = await openEach();
      await page.goto(site('/'));
      const changed = await page.evaluate(
        async ([url = '', body = '']) => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch(url, { method: 'PUT', headers, body })).status;
        },
        ['/auth/profile/email', JSON.stringify({ password, new_email: newEmail })],
      );
      expect(changed).toBe(200);
      expect(await openEach()).toEqual(before.map(({ me }) => ({ status: 200, me: { ...me, email: newEmail } })));
      expect(new Set(before.map(({ me }) => me.id))).toEqual(new Set([id]));
    });

    it('answers 503 and admits nobody while the service is down, and works again after', async () => {
      await daemon.stop('SIGKILL');
      for (const backend of backendNames) {
        expect([backend, await askOften(backend, 100)]).toEqual([backend, { 503: 100 }]);
        expect((await ask(`GET /app-${backend}/me`)).headers['retry-after']).toBe('5');
      }
      daemon = await startService();
      expect((await openEach()).map(({ status, me }) => [status, me.id])).toEqual(backendNames.map(() => [200, id]));
    });

    it('admits none of the next 1,000 requests to each after `users revoke`', async () => {
      for (const backend of backendNames) expect(await askOften(backend, 10)).toEqual({ 200: 10 });
      const revoked = await runAuthsvc(['users', 'revoke', newEmail, '--yes'], { home: home.path, env: { AUTHSVC_DATA_DIR: daemon.dataFolder } });
      expect(revoked.stderr).toBe('');
      const counts = await Promise.all(backendNames.map((backend) => askOften(backend, 1000)));
      expect(counts).toEqual(backendNames.map(() => ({ 401: 1000 })));
    });

    it('logs no query, and says so of no page that was left', async () => {
      const secret = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
      const referer = { referer: site(`/reset?token=${secret}`) };
      await ask(`GET /auth/health?token=${secret}`, referer);
      await ask(`GET /reset?token=${secret}`, referer);
      await daemon.stop('SIGKILL');
      expect((await ask(`GET /auth/health?token=${secret}`, referer)).status).toBe(502);
      daemon = await startService();
      await proxy.stop();
      const logs = (await readdir(folder)).filter((entry) => entry.endsWith('.log'));
      const text = (await Promise.all(logs.map((log) => readFile(join(folder, log), 'utf8')))).join('');
      expect(text).toContain('/auth/health');
      expect(text).not.toContain(secret);
    });
  });
});
