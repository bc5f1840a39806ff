import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Certificate } from '../../test/certificate.ts';
import { type BackendName, backendNames } from './example-backends.ts';
import { type ProxyFile, type ProxyOptions, startProxy } from './example-proxies.ts';
import { type Answer, type SendOptions, send } from './http-client.mjs';

/** What each application says of who is logged in. */
export interface Me {
  readonly id: string;
  readonly email: string;
  readonly since: string;
}

export interface Visit {
  readonly status: number;
  readonly me: Me;
}

export interface SiteOptions extends Omit<ProxyOptions, 'folder'> {
  readonly home: string;
  readonly browser: Browser;
  readonly certificate: Certificate;
}

/**
 * The three applications and the service on one origin, and a browser of its own in front of them.
 */
export async function openExampleSite(file: ProxyFile, options: SiteOptions) {
  const { home, browser, certificate, port } = options;
  const host = `app.example.com:${port}`;
  const folder = join(home, file.replace(/\W/g, '-'));
  await mkdir(folder);
  const proxy = await startProxy(file, { ...options, folder });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: `https://${host}` });
  const page = await context.newPage();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  const visit = async (backend: BackendName): Promise<Visit> => {
    const answer = await page.goto(`/app-${backend}/me`);
    return { status: answer?.status() ?? 0, me: (await answer?.json()) as Me };
  };
  const visitEach = async (open = visit): Promise<Visit[]> => {
    const visits: Visit[] = [];
    for (const backend of backendNames) visits.push(await open(backend));
    return visits;
  };
  // On a busy machine the first answers of a service that has just started can take longer than an
  // application waits.
  const visitUntilServed = async (backend: BackendName): Promise<Visit> => {
    let seen = await visit(backend);
    while (seen.status === 503) seen = await visit(backend);
    return seen;
  };
  /** Sends a request without the browser, with its session. */
  const ask = async (target: string, options: SendOptions = {}): Promise<Answer> =>
    await send(`https://127.0.0.1:${port}`, target, {
      session: await sessionOf(context),
      cookieName: '__Host-session_id',
      authority: certificate.authority,
      agent,
      ...options,
      headers: { host, ...options.headers },
    });

  return {
    /** All that the proxy keeps, its logs among it. */
    folder,
    context,
    page,
    /** Opens the page of each application in the browser, one after another. */
    visitEach: () => visitEach(),
    /** Opens each again until it no longer answers 503. */
    visitEachOnceItIsBack: () => visitEach(visitUntilServed),
    /** Sends JSON by a script of a page of this origin. */
    fetchJson: async (method: string, path: string, body: unknown) => {
      await page.goto('/');
      return await page.evaluate(async ([url = '', init]) => (await fetch(url as string, init as RequestInit)).status, [
        path,
        { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      ] as const);
    },
    ask,
    /** Asks one application many times, and counts the answers by their status. */
    askOften: async (backend: BackendName, times: number) => {
      const session = await sessionOf(context);
      const target = `GET /app-${backend}/me`;
      const answers = await Promise.all(Array.from({ length: times }, () => ask(target, { session })));
      return countBy(answers.map(({ status }) => status));
    },
    stop: async () => {
      agent.destroy();
      await context.close();
      await proxy.stop();
    },
  };
}

export type ExampleSite = Awaited<ReturnType<typeof openExampleSite>>;

async function sessionOf(context: BrowserContext): Promise<string | undefined> {
  return (await context.cookies()).find(({ name }) => name === '__Host-session_id')?.value;
}

function countBy(values: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
