import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { browserObstacle, startBrowser } from '../support/browser.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { mustSend, send } from '../support/http-client.mjs';
import { invited, invitedPageStates, pageStates } from '../support/pages/states.ts';
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
    const mails = join(home.path, 'mails');
    const settings = { AUTHSVC_NAME: 'Analytical Engines', AUTHSVC_ACCENT_COLOR: '#0f766e' };
    const byInvitation = {
      AUTHSVC_DATA_DIR: join(home.path, 'invited'),
      AUTHSVC_MAIL_DIR: mails,
      AUTHSVC_REGISTRATION: 'invited',
    };
    [daemon, invitedDaemon, browser] = await Promise.all([
      startDaemon({ home: home.path, settings }),
      startDaemon({ home: home.path, settings: { ...settings, ...byInvitation } }),
      startBrowser(home.path),
    ]);
    await acceptInvitation(invitedDaemon, mails);
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

  async function acceptInvitation({ control, url }: Daemon, mails: string): Promise<void> {
    await mustSend(control, 'POST /users/invite', { json: { email: invited.email } });
    const name = await vi.waitFor(async () => {
      const written = (await readdir(mails)).find((file) => file.endsWith('.json'));
      if (written === undefined) throw new Error('no mail was written yet');
      return written;
    }, 30_000);
    const { text } = JSON.parse(await readFile(join(mails, name), 'utf8'));
    const [, invitation_token] = /^ +([\da-f-]{36})$/m.exec(text) ?? [];
    await mustSend(url, 'POST /users', { json: { ...invited, invitation_token } });
  }

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
