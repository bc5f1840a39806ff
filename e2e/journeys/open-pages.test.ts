import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { mustSend } from '../support/http-client.mjs';
import { it, openTerminal, serve } from '../support/journey.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';

/** A program in place of the real one, which keeps what it was run with. */
async function installXdgOpen(home: string, status = 0): Promise<Readonly<Record<string, string>>> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${join(home, 'argv')}'\nexit ${status}\n`;
  await writeFile(join(bin, 'xdg-open'), script, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin`, DISPLAY: ':0' };
}

describe('authsvc open', () => {
  it('opens the account page of the service at its public URL', async ({ home }) => {
    const daemon = await serve(home, { AUTHSVC_PUBLIC_URL: 'https://app.example.com/auth' });
    const env = { ...(await installXdgOpen(home)), AUTHSVC_URL: daemon.url };
    const terminal = openTerminal(['open'], { home, env });
    await terminal.shows('Opened https://app.example.com/auth/account in the browser');
    expect(await terminal.ended).toBe(0);
    expect(await readFile(join(home, 'argv'), 'utf8')).toBe('https://app.example.com/auth/account\n');

    const printed = await runAuthsvc(['open'], { home, env });
    expect([printed.exitCode, printed.stdout, printed.stderr]).toEqual([0, 'https://app.example.com/auth/account', '']);
  });

  it('shows the address where the browser cannot be opened', async ({ home }) => {
    const daemon = await serve(home);
    const env = { ...(await installXdgOpen(home, 3)), AUTHSVC_URL: daemon.url };
    const terminal = openTerminal(['open'], { home, env });
    await terminal.shows('xdg-open could not open the browser: it ended with status 3');
    await terminal.shows(`${daemon.url}/account`);
    expect(await terminal.ended).toBe(0);
  });

  it.for([
    ['off', 5, 'no_pages'],
    ['https://app.example.com/people', 0, 'https://app.example.com/people/account'],
  ] as const)('with AUTHSVC_PAGES=%s ends with %i and %s', async ([pages, status, said], { home }) => {
    const daemon = await serve(home, { AUTHSVC_PAGES: pages });
    const { exitCode, stdout } = await runAuthsvc(['open', '--json'], { home, env: { AUTHSVC_URL: daemon.url } });
    const { url, error } = JSON.parse(stdout);
    expect([exitCode, url ?? error.code]).toEqual([status, said]);
  });
});

describe('authsvc users reset', () => {
  it('prints a link to the page where the token is used', async ({ home }) => {
    const daemon = await serve(home, { AUTHSVC_PUBLIC_URL: 'https://app.example.com/auth' });
    await mustSend(daemon.url, 'POST /users', {
      json: { email, password: 'correct horse battery' },
    });
    const { stdout } = await runAuthsvc(['users', 'reset', email, '--link'], {
      home,
      env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
    });
    const { origin, pathname, searchParams } = new URL(stdout);
    expect([origin, pathname, searchParams.get('email')]).toEqual(['https://app.example.com', '/auth/reset', email]);
    expect(searchParams.get('token')).toMatch(/^[\da-f-]{36}$/);
  });

  it('refuses to print a link where there are no pages', async ({ home }) => {
    const daemon = await serve(home, { AUTHSVC_PAGES: 'off' });
    await mustSend(daemon.url, 'POST /users', {
      json: { email, password: 'correct horse battery' },
    });
    const { exitCode, stdout } = await runAuthsvc(['users', 'reset', email, '--link'], {
      home,
      env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
    });
    expect([exitCode, stdout]).toEqual([5, '']);
  });
});
