import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { Certificate } from '../../test/certificate.ts';
import { type Answer, type SendOptions, send } from '../support/http-client.mjs';
import { type ProxyFile, type ProxyOptions, startProxy } from './proxies.ts';

export interface SiteOptions extends Omit<ProxyOptions, 'folder'> {
  readonly home: string;
  readonly browser: Browser;
  readonly certificate: Certificate;
}

/** What the page of the note shows; of a page that is refused, the status alone. */
export interface Visit {
  readonly status: number | undefined;
  readonly greeting?: string | null;
  readonly note?: string;
}

/**
 * An application and the service on one origin, and a browser of its own in front of them.
 */
export async function openExampleSite(file: ProxyFile, options: SiteOptions) {
  const { home, browser, certificate, port } = options;
  const host = `app.example.com:${port}`;
  const origin = `https://${host}`;
  const folder = join(home, file.replace(/\W/g, '-'));
  await mkdir(folder);
  const proxy = await startProxy(file, { ...options, folder });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: origin });
  const page = await context.newPage();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  const session = async () => (await context.cookies()).find(({ name }) => name === '__Host-session_id')?.value;
  const visit = async (): Promise<Visit> => {
    const status = (await page.goto('/note'))?.status();
    if (status !== 200) return { status };
    const greeting = await page.getByRole('heading').textContent();
    return { status, greeting, note: await page.getByLabel('Your note').inputValue() };
  };
  /** Sends a request without the browser, with its session, as a page of this origin would. */
  const ask = async (target: string, options: SendOptions = {}): Promise<Answer> =>
    await send(`https://127.0.0.1:${port}`, target, {
      session: await session(),
      cookieName: '__Host-session_id',
      authority: certificate.authority,
      agent,
      ...options,
      headers: { host, origin, ...options.headers },
    });

  return {
    /** All that the proxy keeps, its logs among it. */
    folder,
    context,
    page,
    /** Fills the form of a page, and sends it. */
    submit: async (path: string, credentials: { readonly email: string; readonly password: string }) => {
      await page.goto(path);
      await page.getByLabel('Email').fill(credentials.email);
      await page.getByLabel('Password').fill(credentials.password);
      await page.getByRole('button').click();
      await page.waitForURL('**/note');
    },
    visit,
    /** On a busy machine, a service that has just started can be too slow at first. */
    visitOnceItIsBack: async (): Promise<Visit> => {
      let seen = await visit();
      while (seen.status === 503) seen = await visit();
      return seen;
    },
    ask,
    /** Asks for the page of the note many times, and counts the answers by their status. */
    askOften: async (times: number) => {
      const shared = { session: await session(), headers: { accept: 'text/html' } };
      const answers = await Promise.all(Array.from({ length: times }, () => ask('GET /note', shared)));
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

function countBy(values: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
