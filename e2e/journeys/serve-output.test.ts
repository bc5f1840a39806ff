import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { authsvcFile, cleanEnvironment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts `authsvc serve` with outputs of its own; where it listens is asked over its control
 * socket.
 */
async function serve(
  home: string,
  outputs: ('pipe' | number)[],
  settings: Record<string, string> = {},
): Promise<Serving> {
  const env = cleanEnvironment(home, {
    AUTHSVC_DATA_DIR: join(home, 'data'),
    AUTHSVC_LISTEN_PORT: '0',
    AUTHSVC_BCRYPT_COST: '10',
    ...settings,
  });
  const child = spawn(process.execPath, [authsvcFile, 'serve'], { env, stdio: ['ignore', ...outputs] });
  const ended = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const { stdout } = await runAuthsvc(['daemon', 'wait', '--json'], { home, env });
  return {
    child,
    url: (JSON.parse(stdout) as { url: string }).url,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by;
    },
  };
}

const registered = async (url: string, name: string) =>
  (await send(url, 'POST /users', { json: { email: `${name}@example.com`, password: 'correct horse battery' } }))
    .status;

describe('authsvc serve', () => {
  it('serves, and ends with 0, though neither of its outputs can be written to', async ({ home }) => {
    const { url, stop } = await serve(home, [openSync('/dev/full', 'w'), openSync('/dev/full', 'w')]);
    expect(await registered(url, 'ada')).toBe(200);
    expect(await registered(url, 'grace')).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('serves on when the readers of its outputs have gone', async ({ home }) => {
    const { child, url, stop } = await serve(home, ['pipe', 'pipe']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await registered(url, 'ada')).toBe(200);
    expect(await registered(url, 'grace')).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('serves with its outputs closed', async ({ home }) => {
    const env = cleanEnvironment(home, { AUTHSVC_DATA_DIR: join(home, 'data'), AUTHSVC_LISTEN_PORT: '0' });
    const child = spawn('sh', ['-c', `exec "$0" "$1" serve <&- >&- 2>&-`, process.execPath, authsvcFile], { env });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const { stdout } = await runAuthsvc(['daemon', 'wait', '--json'], { home, env });
    expect(await registered((JSON.parse(stdout) as { url: string }).url, 'ada')).toBe(200);
    child.kill();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('stops as it does at SIGTERM when its terminal is closed', async ({ home }) => {
    const { stop } = await serve(home, ['pipe', 'pipe']);
    expect(await stop('SIGHUP')).toBe(0);
  });
});
