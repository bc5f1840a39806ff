import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian puts it. */
const executablePath = '/usr/bin/chromium';

/** Why no browser can be run on this machine; nothing when one can. */
export const browserObstacle = existsSync(executablePath) ? undefined : 'Chromium is not installed';

/** Options that keep it off the network; the names of other sites lead to this machine, too. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP *.test 127.0.0.1',
];

/** Starts a real Chromium; every context that is opened in it has cookies of its own. */
export async function startBrowser(home: string): Promise<Browser> {
  const env = { HOME: home, PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' };
  return await chromium.launch({ executablePath, args: quiet, env });
}
