import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { root } from '../../scripts/root.mjs';
import { setUp } from '../../scripts/setup.mjs';

/** @typedef {import('playwright-core').Page} Page */

const email = 'ada@example.com';
const password = 'correct horse battery';
const window = { width: 960, height: 640 };
const executablePath = '/usr/bin/chromium';

/** Who else is logged in, so that the account has something to show. */
const otherBrowsers = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
];

const folder = join(root, 'docs', 'pages');
const home = mkdtempSync(join(tmpdir(), 'authsvc-pictures-'));
await setUp();
mkdirSync(folder, { recursive: true });
const service = await serve();
const browser = await chromium.launch({ executablePath, args: ['--disable-gpu', '--no-first-run'] });
try {
  for (const userAgent of otherBrowsers) await logIn({ userAgent });
  await takePicture('login', {}, async (page) => {
    await page.goto(`${service.url}/login`);
  });
  await takePicture('error', {}, async (page) => {
    await page.goto(`${service.url}/register`);
    await page.fill('#email', 'grace@example.com');
    await page.fill('#password', 'password1');
    await page.click('main button');
  });
  await takePicture('account', { viewport: { ...window, height: 900 } }, openAccount);
  await takePicture('phone', { viewport: { width: 390, height: 760 } }, async (page) => {
    await page.goto(`${service.url}/reset?email=${email}&token=a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44`);
  });
  await takePicture('dark', { colorScheme: 'dark' }, async (page) => {
    await page.goto(`${service.url}/login`);
    await page.fill('#email', email);
  });
} finally {
  await browser.close();
  service.stop();
  rmSync(home, { recursive: true });
}

async function serve() {
  const env = { ...process.env, HOME: home, AUTHSVC_DATA_DIR: join(home, 'data'), AUTHSVC_LISTEN_PORT: '0' };
  const program = join(root, 'packages', 'cli', 'bin', 'authsvc.js');
  const child = spawn(process.execPath, [program, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { url: String(line).replace('authsvc listening on ', ''), stop: () => child.kill('SIGTERM') };
}

/**
 * @param {string} name of the file
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {(page: Page) => Promise<void>} open
 */
async function takePicture(name, options, open) {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: window,
    deviceScaleFactor: 2,
    ...options,
  });
  const page = await context.newPage();
  await open(page);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  await context.close();
}

/** @param {import('playwright-core').BrowserContextOptions} options */
async function logIn(options) {
  const context = await browser.newContext(options);
  await openAccount(await context.newPage());
  await context.close();
}

/** @param {Page} page */
async function openAccount(page) {
  // The first time, there is no account yet; after that, there is.
  for (const path of ['/register', '/login']) {
    await page.goto(`${service.url}${path}`);
    await page.fill('#email', email);
    await page.fill('#password', password);
    await page.click('main button');
    if (new URL(page.url()).pathname === '/account') return;
  }
}
