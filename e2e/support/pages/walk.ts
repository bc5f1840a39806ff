import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** A window in which a person walks the pages of the service. */
export interface Walk {
  readonly url: string;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests to another host, and what the browser reports: the policy, failed loads. */
  readonly complaints: readonly string[];
  goTo(path: string): Promise<void>;
  /** Fills fields by their labels, and presses a button. */
  fill(fields: Readonly<Record<string, string>>, button: string): Promise<void>;
  /** Follows a link by its text. */
  follow(link: string): Promise<void>;
  /** The path of the page, with its query. */
  path(): string;
  /** Its first heading. */
  heading(): Promise<string>;
  /** All that it says. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** For one step: a machine that is busy is slow, and not at fault. */
const patienceMs = 30_000;
/** Pages work without scripts. */
const withoutScripts = { javaScriptEnabled: false } as const;

/** Opens a window with cookies of its own. */
export async function openWalk(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Walk> {
  const context = await browser.newContext({ ...withoutScripts, ...options });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  const { host } = new URL(url);
  context.on('request', (request) => {
    if (new URL(request.url()).host !== host) complaints.push(`request to ${request.url()}`);
  });
  page.on('console', (message) => {
    // A form that comes back has a status of 4xx, which Chromium reports as a failed load.
    if (!/^Failed to load resource: .* status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  return {
    url,
    page,
    context,
    complaints,
    goTo: async (path) => {
      await page.goto(`${url}${path}`);
    },
    fill: async (fields, button) => {
      for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
      await page.getByRole('button', { name: button, exact: true }).click();
    },
    follow: (link) => page.getByRole('link', { name: link, exact: true }).click(),
    path: () => {
      const { pathname, search } = new URL(page.url());
      return `${pathname}${search}`;
    },
    heading: async () => (await page.getByRole('heading', { level: 1 }).textContent()) ?? '',
    text: async () => (await page.locator('main').textContent()) ?? '',
    close: () => context.close(),
  };
}
