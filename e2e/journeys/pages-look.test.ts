import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { invitedPageStates, pageStates } from '../support/pages/states.ts';
import { openWalk, type Walk } from '../support/pages/walk.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const mostBytes = 20_000;
const phone = { width: 320, height: 640 };

const looks: readonly [name: string, options: BrowserContextOptions][] = [
  ['in light on a desktop', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['in dark on a small phone', { colorScheme: 'dark', viewport: phone }],
];

describe.skipIf(browserObstacle).for(looks)('every page, %s', ([, options]) => {
  let home: TemporaryFolder;
  let browser: Browser;
  let daemon: Daemon;
  let walk: Walk;
  let invitedDaemon: Daemon;
  let invitedWalk: Walk;
  let assetBytes: number;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    const settings = { AUTHSVC_NAME: 'Analytical Engines', AUTHSVC_ACCENT_COLOR: '#0f766e' };
    const invited = {
      AUTHSVC_DATA_DIR: join(home.path, 'invited'),
      AUTHSVC_MAIL_DIR: join(home.path, 'mails'),
      AUTHSVC_REGISTRATION: 'invited',
    };
    [daemon, invitedDaemon, browser] = await Promise.all([
      startDaemon({ home: home.path, settings }),
      startDaemon({ home: home.path, settings: { ...settings, ...invited } }),
      startBrowser(home.path),
    ]);
    // axe-core is a script, though not one of the page.
    walk = await openWalk(browser, daemon.url, { ...options, javaScriptEnabled: true });
    invitedWalk = await openWalk(browser, invitedDaemon.url, { ...options, javaScriptEnabled: true });
    const assets = await Promise.all(['/authsvc.css', '/authsvc.svg'].map((path) => send(daemon.url, `GET ${path}`)));
    assetBytes = assets.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await invitedDaemon?.stop();
    await home.remove();
  });

  it.each(pageStates)('is accessible, small, and no wider than the window: $name', async ({ open }) => {
    await open(walk);
    await expectAccessible(walk);
  });

  it.each(invitedPageStates)('is accessible where people are invited: $name', async ({ open }) => {
    await open(invitedWalk);
    await expectAccessible(invitedWalk);
  });

  async function expectAccessible(shown: Walk): Promise<void> {
    await shown.page.evaluate(axe.source);
    const results = (await shown.page.evaluate('axe.run({ resultTypes: ["violations", "incomplete"] })')) as AxeResults;
    expect(results.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const { width } = shown.page.viewportSize() ?? phone;
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(Buffer.byteLength(await shown.page.content()) + assetBytes).toBeLessThan(mostBytes);
  }

  it('keeps its policy, and asks no other host', () => {
    expect([...walk.complaints, ...invitedWalk.complaints]).toEqual([]);
  });
});
