import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOPBACK_NETWORKS } from '../config/network-settings.ts';
import {
  foreignHosts,
  foreignOrigins,
  foreignTargets,
  forwardedFor,
  overridingHeaders,
  proxyHeaders,
} from '../testing/foreign-forms.ts';
import { type RawAnswer, sendRaw } from '../testing/raw-request.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const publicUrl = new URL('https://app.example.com/auth');
const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const often = { loginsPerMinute: 10_000, registrationsPerMinute: 10_000, resetsPerMinute: 10_000 };
const sites = [undefined, 'same-origin', 'same-site', 'cross-site', 'none'];

it('are 100 and more, each once', () => {
  const tables = [foreignHosts, foreignOrigins, foreignTargets, proxyHeaders, overridingHeaders, forwardedFor];
  const forms = tables.flatMap((table, index) => table.map((form) => `${index} ${form}`));
  expect(new Set(forms).size).toBe(forms.length);
  expect(forms.length).toBeGreaterThanOrEqual(100);
});

describe.each([
  { where: 'without a public URL', exposure: {}, isTrusted: false },
  { where: 'without a public URL, from a trusted proxy', exposure: {}, isTrusted: true },
  { where: 'below an https public URL', exposure: { publicUrl }, isTrusted: false },
  { where: 'below an https public URL, from a trusted proxy', exposure: { publicUrl }, isTrusted: true },
])('foreign forms $where', ({ exposure, isTrusted }) => {
  const mailed = 'publicUrl' in exposure;
  let test: TestServer;
  let port: number;
  let own: string;
  let cookie: string;
  let openapi: string;

  const fill = (text: string) => text.replaceAll('OWN', own).replaceAll('PORT', String(port));
  const send = async (head: string, lines: readonly string[], body = '') => {
    const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
    const all = [`${head} HTTP/1.1`, ...lines, `Cookie: ${cookie}`, ...length, 'Connection: close'];
    const answer = await sendRaw(port, `${all.join('\r\n')}\r\n\r\n${body}`);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.headers).not.toHaveProperty('link');
    return answer;
  };
  /** No answer repeats a foreign value; some are so short that every answer holds them. */
  const expectUnsaid = (answer: RawAnswer, form: string) => {
    const text = JSON.stringify(answer);
    expect(text).not.toMatch(/evil|203\.0\.113|6666/i);
    const foreign = form.split('\r\n')[0] ?? '';
    if (foreign.length > 4 && foreign !== own) expect(text).not.toContain(foreign);
  };
  /** Each would succeed from a page of ours. */
  const changes = [
    ['POST /users', JSON.stringify({ email: 'new@example.com', password: ada.password })],
    ['POST /sessions', JSON.stringify(ada)],
    ['DELETE /sessions', ''],
    ['PUT /profile/password', JSON.stringify({ password: ada.password, new_password: 'staple after staple' })],
    ['POST /reset_password', JSON.stringify({ email: ada.email })],
  ] as const;

  beforeAll(async () => {
    const policy = { ...often, resetDelivery: mailed ? ('smtp' as const) : ('response' as const) };
    const trustedProxies = isTrusted ? LOOPBACK_NETWORKS : [];
    test = await createTestServer(policy, {}, { ...exposure, trustedProxies });
    await test.server.listen({ host: '127.0.0.1', port: 0 });
    ({ port } = test.server.server.address() as AddressInfo);
    own = mailed ? 'app.example.com' : `localhost:${port}`;
    cookie = 'none=there';
    await send('POST /users', [`Host: ${own}`], JSON.stringify(ada));
    const logIn = await send('POST /sessions', [`Host: ${own}`], JSON.stringify(ada));
    cookie = logIn.headers['set-cookie']?.split(';', 1)[0] ?? '';
    openapi = (await send('GET /openapi.json', [`Host: ${own}`])).body;
    expect(JSON.parse(openapi).servers).toEqual([{ url: mailed ? publicUrl.href : `http://${own}` }]);
  });
  afterAll(() => test.close());

  it.each(foreignHosts)('are refused as Host: %j', async (form) => {
    const before = test.auth.events.length;
    const lines = [`Host: ${fill(form)}`];
    for (const [head, body] of [...changes, ['GET /whoami', ''], ['GET /openapi.json', '']] as const) {
      const answer = await send(head, lines, body);
      expect([400, 421]).toContain(answer.status);
      expectUnsaid(answer, fill(form));
    }
    expect(test.auth.events).toHaveLength(before);
  });

  it.each(foreignOrigins)('are refused without a detail as Origin: %j', async (form) => {
    const before = test.auth.events.length;
    for (const site of sites) {
      // Our own pages' forms, where those send no referrer.
      if (form === 'null' && site === 'same-origin') continue;
      const lines = [`Host: ${own}`, `Origin: ${fill(form)}`, ...(site ? [`Sec-Fetch-Site: ${site}`] : [])];
      const refused = [];
      // All routes treat a named site alike, so one route is enough.
      const tried = site ? changes.slice(-1) : changes;
      for (const [head, body] of tried) refused.push(await send(head, lines, body));
      expect(refused.map(({ status, body }) => [status, JSON.parse(body).code])).toEqual(
        tried.map(() => [403, 'cross_origin']),
      );
      const preflight = [...lines, 'Access-Control-Request-Method: GET'];
      for (const answer of [
        ...refused,
        await send('GET /whoami', lines),
        await send('OPTIONS /nothing', [...preflight, 'Access-Control-Request-Private-Network: true']),
      ]) {
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
        expect(answer.headers.vary).toMatch(/\bOrigin\b/);
        expectUnsaid(answer, fill(form));
      }
    }
    expect(test.auth.events).toHaveLength(before);
  });

  it.each(foreignTargets)('are no route as target %j', async (form) => {
    const before = test.auth.events.length;
    for (const method of ['GET', 'DELETE']) {
      const answer = await send(`${method} ${fill(form)}`, [`Host: ${own}`]);
      expect([400, 404, 421]).toContain(answer.status);
      expectUnsaid(answer, fill(form));
    }
    expect(test.auth.events).toHaveLength(before);
  });

  /** Logs in and reads with an extra header, which changes no answer and no recorded address. */
  async function expectIgnored(header: string, address = '127.0.0.1') {
    const lines = [`Host: ${own}`, fill(header)];
    expect((await send('GET /openapi.json', lines)).body).toBe(openapi);
    expect((await send('GET /sessions', lines)).status).toBe(200);
    const logIn = await send('POST /sessions', lines, JSON.stringify(ada));
    expect([logIn.status, logIn.body]).toEqual([200, '{"email":"ada@example.com","message":"logged in"}']);
    const attributes = `Max-Age=2592000; Path=/; HttpOnly${mailed ? '; Secure' : ''}; SameSite=Lax`;
    expect(logIn.headers['set-cookie']?.split('; ').slice(1).join('; ')).toBe(attributes);
    expectUnsaid(logIn, fill(header));
    expect(test.auth.events.at(-1)).toMatchObject({ address });
  }

  const askForToken = (header: string) =>
    send('POST /reset_password', [`Host: ${own}`, fill(header)], JSON.stringify({ email: ada.email }));

  /** No token goes to a proxied client; a mail holds nothing of the request. */
  async function expectNoToken(header: string) {
    const answer = await askForToken(header);
    expect(answer.body).not.toContain('reset_token');
    const [code, status] = mailed ? [undefined, 200] : ['reset_delivery_refused', 403];
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code]);
    expect(JSON.stringify(await test.auth.database.read('mails'))).not.toMatch(/evil|203\.0\.113|6666/i);
  }

  it.each(proxyHeaders)('are neither believed nor given a token as %s', async (header) => {
    await expectIgnored(header);
    await expectNoToken(header);
  });

  it.each(overridingHeaders)('change nothing as %s', (header) => expectIgnored(header));

  it.each(forwardedFor)('count from a trusted proxy alone as X-Forwarded-For: %j', async (form, address) => {
    await expectIgnored(`X-Forwarded-For: ${form}`, isTrusted ? address : '127.0.0.1');
    await expectNoToken(`X-Forwarded-For: ${form}`);
  });

  // If tokens are mailed, no answer has one to read.
  if (!mailed) {
    it('read no reset token from a trusted page of another origin', async () => {
      for (const origin of [
        'http://localhost:1',
        'https://localhost:1',
        'http://127.0.0.1:PORT',
        'http://[::1]:PORT',
      ]) {
        for (const site of [
          undefined,
          'same-site',
          'cross-site',
          'none',
          '',
          'Same-Origin',
          'same-origin, cross-site',
        ]) {
          const answer = await askForToken(
            `Origin: ${origin}${site === undefined ? '' : `\r\nSec-Fetch-Site: ${site}`}`,
          );
          expect([origin, site, answer.status]).toEqual([origin, site, 403]);
          expect(answer.body).not.toContain('reset_token');
        }
      }
      expect((await askForToken('Sec-Fetch-Site: same-origin')).body).toContain('reset_token');
    });

    it('are not sent by a trusted page, which may add no header but its Content-Type', async () => {
      const lines = [`Host: ${own}`, 'Origin: http://localhost:1', 'Access-Control-Request-Method: POST'];
      const preflight = await send('OPTIONS /sessions', [...lines, 'Access-Control-Request-Headers: x-forwarded-for']);
      expect(preflight.headers['access-control-allow-headers']).toBe('Content-Type');
    });
  }
});
