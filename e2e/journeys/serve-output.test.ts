import { openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { CTRL_C } from '../../test/pseudo-terminal.ts';
import { type Serving, startServing } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, openTerminal } from '../support/journey.ts';
import { authsvcFile } from '../support/program.ts';

async function startFor(...args: Parameters<typeof startServing>): Promise<Serving> {
  const serving = await startServing(...args);
  onTestFinished(() => {
    serving.child.kill('SIGKILL');
  });
  return serving;
}

const registered = async (url: string, name: string) =>
  (await send(url, 'POST /users', { json: { email: `${name}@example.com`, password: 'correct horse battery' } }))
    .status;

describe('authsvc serve', () => {
  it('serves, and ends with 0, though neither of its outputs can be written to', async ({ home }) => {
    const { url, stop } = await startFor(home, ['ignore', openSync('/dev/full', 'w'), openSync('/dev/full', 'w')]);
    expect(await registered(url, 'ada')).toBe(200);
    expect(await registered(url, 'grace')).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('serves on when the readers of its outputs have gone', async ({ home }) => {
    const { child, url, stop } = await startFor(home, ['ignore', 'pipe', 'pipe']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await registered(url, 'ada')).toBe(200);
    expect(await registered(url, 'grace')).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('serves with its outputs closed', async ({ home }) => {
    const command = ['sh', '-c', `exec "$0" "$1" serve <&- >&- 2>&-`, process.execPath, authsvcFile];
    const { url, stop } = await startFor(home, 'pipe', { command });
    expect(await registered(url, 'ada')).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('logs in words on a terminal, without anything that must be decoded', async ({ home }) => {
    const env = { AUTHSVC_LISTEN_PORT: '0', AUTHSVC_DATA_DIR: join(home, 'data') };
    const terminal = openTerminal(['serve'], { home, env });
    await terminal.shows('WARN  reset_delivery_is_response: reset tokens are handed to');
    await terminal.shows('authsvc listening on http://127.0.0.1:');
    expect(terminal.screen()).not.toContain('{"level"');
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(0);
  });

  it('stops as it does at SIGTERM when its terminal is closed', async ({ home }) => {
    const { stop } = await startFor(home, ['ignore', 'pipe', 'pipe']);
    expect(await stop('SIGHUP')).toBe(0);
  });
});
