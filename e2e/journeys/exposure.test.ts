import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { makeHome, serve } from '../support/journey.ts';
import { nginxObstacle, startPlainNginx } from '../support/nginx.ts';
import type { Environment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const credentials = { json: { email, password } };

let home: string;
beforeEach(async () => {
  home = await makeHome();
});

async function nginxBefore(daemon: Daemon, directives?: readonly string[]): Promise<string> {
  const { url, stop } = await startPlainNginx(join(home, 'nginx'), daemon.url, directives);
  onTestFinished(stop);
  return url;
}

describe('a daemon that could be reached from outside', () => {
  it.each([
    [{ AUTHSVC_LISTEN_HOST: '0.0.0.0' }, /AUTHSVC_PUBLIC_URL/],
    [{ AUTHSVC_LISTEN_HOST: '::' }, /AUTHSVC_PUBLIC_URL/],
    [
      { AUTHSVC_PUBLIC_URL: 'https://auth.example.com', AUTHSVC_RESET_DELIVERY: 'response' },
      /set it to smtp \(with AUTHSVC_SMTP_URL\) or to operator/,
    ],
  ])('does not start with %o, and says what to set', async (settings: Environment, advice) => {
    const end = await runAuthsvc(['serve'], { home, env: { AUTHSVC_LISTEN_PORT: '0', ...settings } });
    expect([end.exitCode, end.stdout, end.stderr]).toEqual([2, '', expect.stringMatching(advice)]);
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('starts with a public URL, hands out no token, and is found at loopback', async () => {
    const daemon = await serve(home, { AUTHSVC_LISTEN_HOST: '0.0.0.0', AUTHSVC_PUBLIC_URL: 'http://localhost:4100' });
    expect(daemon.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(daemon.stderr()).toContain('"event":"public_url_is_http"');
    await send(daemon.url, 'POST /users', credentials);
    expect((await send(daemon.url, 'POST /reset_password', { json: { email } })).body).toEqual({
      email,
      message: 'ask the operator for a reset token',
    });
    const { port } = new URL(daemon.url);
    const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list);
    const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
    const answer = await send(`http://${outside}:${port}`, 'GET /profile', { headers: { host: `10.0.0.1:${port}` } });
    expect([answer.status, answer.body]).toEqual([421, expect.objectContaining({ code: 'misdirected_request' })]);
  });
});

describe.skipIf(nginxObstacle)('behind nginx', () => {
  it('as it comes, with proxy_pass and nothing more, no reset token is handed out', async () => {
    const daemon = await serve(home);
    const url = await nginxBefore(daemon);
    expect((await send(url, 'POST /users', credentials)).status).toBe(200);
    for (const encoding of [{ json: { email } }, { form: { email } }]) {
      const answer = await send(url, 'POST /reset_password', encoding);
      expect([answer.status, answer.body]).toEqual([
        403,
        { code: 'reset_delivery_refused', message: expect.stringContaining('AUTHSVC_RESET_DELIVERY') },
      ]);
    }
    expect((await send(daemon.url, 'POST /reset_password', { json: { email } })).status).toBe(200);
  });

  it('with a public URL, cookies and headers are those of https', async () => {
    const daemon = await serve(home, { AUTHSVC_PUBLIC_URL: 'https://auth.example.com' });
    const url = await nginxBefore(daemon, [
      'proxy_set_header Host auth.example.com;',
      'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    ]);
    const answer = await send(url, 'POST /users', credentials);
    expect([answer.status, answer.headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
    const { headers: loggedIn } = await send(url, 'POST /sessions', credentials);
    expect(loggedIn['set-cookie']?.[0]).toMatch(/^__Host-session_id=[\w-]{43}; .*; Secure; /);
  });
});
