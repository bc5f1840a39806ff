import { describe, expect } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';

describe('a daemon below a path', () => {
  it('is used from the terminal by its public URL, and by its own address', async ({ home }) => {
    const port = await freePort();
    const settings = { AUTHSVC_LISTEN_PORT: String(port), AUTHSVC_PUBLIC_URL: `http://localhost:${port}/auth` };
    const daemon = await serve(home, settings);
    const mounted = `${daemon.url}/auth`;
    const run = (...args: string[]) =>
      runAuthsvc([...args, '--json'], { home, input: password, env: { AUTHSVC_STORAGE: 'file' } });
    for (const command of ['register', 'login']) {
      const { exitCode } = await run(command, '--url', mounted, '--email', email, '--password-stdin');
      expect([command, exitCode]).toEqual([command, 0]);
    }
    const profile = await run('profile', '--url', mounted);
    expect(JSON.parse(profile.stdout)).toMatchObject({ email, server: mounted });
    expect((await run('profile', '--url', daemon.url)).exitCode).toBe(4);
    const { status } = await send(daemon.url, 'POST /sessions', { json: { email, password } });
    expect(status).toBe(200);
  });
});
