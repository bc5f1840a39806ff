import type { AddressInfo } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const publicUrl = new URL('https://auth.example.com');
const credentials = encodings.json({ email: 'user@example.com', password: 'secure_password' });
const untrusted = "cross-origin request refused: add the page's origin to AUTHSVC_TRUSTED_ORIGINS";
const crossSite =
  'cross-site request refused: browsers neither keep nor send the session cookie there; serve the page and authsvc under one site (localhost and 127.0.0.1 are two)';

let test: TestServer;
let port: number;

async function listen(exposure: Parameters<typeof createTestServer>[2] = {}): Promise<void> {
  test = await createTestServer({}, {}, exposure);
  await test.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = test.server.server.address() as AddressInfo);
}
afterEach(() => test.close());

function corsOf({ headers }: LightMyRequestResponse): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control')));
}

describe('the page that a request comes from', () => {
  beforeEach(() => listen({ publicUrl, trustedOrigins: ['https://app.example.com'] }));

  const post = (headers: Record<string, string>) =>
    test.server.inject({
      ...credentials,
      method: 'POST',
      url: '/users',
      headers: { ...credentials.headers, ...headers, host: 'auth.example.com' },
    });

  it.each([
    ['no browser', {}],
    ['our page', { origin: 'https://auth.example.com', 'sec-fetch-site': 'same-origin' }],
    ['a trusted page of the same site', { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }],
    ['a form of our page without a referrer', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['our page on this machine', { origin: 'http://localhost:PORT' }],
    ['our page by its address', { origin: 'http://127.0.0.1:PORT' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('may be %s', async (_who, headers) => {
    const named = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(port))]);
    expect((await post(Object.fromEntries(named))).statusCode).toBe(200);
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://auth.example.com' },
    { origin: 'https://auth.example.com:8443' },
    { origin: 'https://auth.example.com.evil.example' },
    { origin: 'https://sub.auth.example.com' },
    { origin: 'http://localhost:1' },
    { origin: 'https://localhost:PORT' },
    { origin: 'null', 'sec-fetch-site': 'same-site' },
    { origin: 'null', 'sec-fetch-site': 'none' },
    { origin: 'https://app.example.com:8443', 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin, cross-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ])('changes nothing with %o', async (headers) => {
    const named = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(port))]);
    const own = Object.fromEntries(named);
    const refusal = { code: 'cross_origin', message: untrusted };
    for (const [method, url] of [
      ['POST', '/users'],
      ['POST', '/sessions'],
      ['DELETE', '/sessions'],
      ['POST', '/reset_password'],
      ['PUT', '/reset_password'],
      ['PATCH', '/nothing'],
    ] as const) {
      const response = await test.server.inject({ method, url, headers: { ...own, host: 'auth.example.com' } });
      expect([response.statusCode, response.json()]).toEqual([403, refusal]);
    }
    expect(test.auth.events).toEqual([]);
    const read = await test.server.inject({ url: '/health', headers: { ...own, host: 'auth.example.com' } });
    expect(read.statusCode).toBe(200);
  });

  it.each([
    {},
    { origin: 'https://auth.example.com' },
    { origin: 'https://app.example.com' },
    { origin: 'https://evil.example' },
  ])('is refused as cross-site, with the reason, even if it is listed: %o', async (headers) => {
    const response = await post({ ...headers, 'sec-fetch-site': 'cross-site' });
    expect(answer(response)).toEqual(refused(403, 'cross_origin', crossSite));
    expect(test.auth.events).toEqual([]);
  });

  it('may not read an answer when it is not trusted', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
      host: 'auth.example.com',
    };
    for (const method of ['OPTIONS', 'GET', 'POST'] as const) {
      const response = await test.server.inject({ method, url: '/sessions', headers });
      expect(response.statusCode).toBeGreaterThanOrEqual(400);
      expect(corsOf(response)).toEqual({});
      expect(response.headers.vary).toBe('Origin');
    }
  });

  it('may read answers and send credentials when it is trusted', async () => {
    const headers = { host: 'auth.example.com', origin: 'https://app.example.com' };
    const readable = {
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
    };
    for (const url of ['/profile', '/whoami', '/nothing', '/%zz']) {
      const response = await test.server.inject({ url, headers });
      expect(corsOf(response)).toEqual(readable);
      expect(response.headers.vary).toMatch(/\bOrigin\b/);
    }
    const preflight = await test.server.inject({
      method: 'OPTIONS',
      url: '/sessions',
      headers: { ...headers, 'access-control-request-method': 'DELETE' },
    });
    expect([preflight.statusCode, preflight.payload, corsOf(preflight)]).toEqual([
      204,
      '',
      {
        ...readable,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
        'access-control-allow-headers': 'Content-Type',
        'access-control-max-age': '600',
      },
    ]);
  });

  it("writes nothing by GET and HEAD but the time of a session's last use", async () => {
    await post({});
    const logIn = await test.server.inject({ ...credentials, method: 'POST', url: '/sessions' });
    const rows = async () => {
      const tables = [
        'users',
        'one_time_tokens',
        'throttles',
        'known_addresses',
        'devices',
        'mails',
        'events',
        'sessions',
      ];
      return Promise.all(tables.map((table) => test.auth.database.read(table)));
    };
    const before = await rows();
    const cookie = String(logIn.headers['set-cookie']).split(';', 1)[0];
    for (const method of ['GET', 'HEAD'] as const) {
      for (const url of ['/', '/health', '/ready', '/profile', '/users', '/sessions', '/reset_password', '/nothing']) {
        await test.server.inject({ method, url, headers: { ...(cookie && { cookie }), host: 'auth.example.com' } });
      }
    }
    expect(await rows()).toEqual(before);
  });
});

describe('a page of this machine, without a public URL', () => {
  beforeEach(() => listen());

  const post = (headers: Record<string, string>, url = '/users') =>
    test.server.inject({
      ...credentials,
      method: 'POST',
      url,
      headers: { ...credentials.headers, host: 'localhost:4100', ...headers },
    });

  it.each([
    { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:3000' },
    { origin: 'https://localhost:3000' },
    { origin: 'http://127.0.0.1:8080', host: '127.0.0.1:4100' },
    { origin: 'http://[::1]:3000', host: '[::1]:4100' },
    { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-origin', host: 'localhost:5173' },
  ])('is trusted as %o', async (headers) => {
    expect((await post(headers)).statusCode).toBe(200);
  });

  it.each([
    { origin: 'http://0.0.0.0:3000' },
    { origin: 'http://localhost.evil.example:3000' },
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:3000@evil.example' },
    { origin: 'file://' },
  ])('is not one as %o', async (headers) => {
    expect(answer(await post(headers))).toEqual(refused(403, 'cross_origin', untrusted));
  });

  it('can read why it is refused when it calls localhost from 127.0.0.1', async () => {
    const response = await post({ origin: 'http://127.0.0.1:5173', 'sec-fetch-site': 'cross-site' });
    expect(answer(response)).toEqual(refused(403, 'cross_origin', crossSite));
    expect(response.headers['access-control-allow-origin']).toBe('http://127.0.0.1:5173');
  });

  describe('reset tokens in a response', () => {
    const ask = (headers: Record<string, string>) =>
      test.server.inject({
        ...encodings.json({ email: 'user@example.com' }),
        method: 'POST',
        url: '/reset_password',
        headers: { 'content-type': 'application/json', host: 'localhost:4100', ...headers },
      });
    beforeEach(() => post({}));

    it.each([
      {},
      { origin: 'http://localhost:4100', 'sec-fetch-site': 'same-origin' },
      { origin: 'http://localhost:4100' },
      { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ])('are given to %o', async (headers) => {
      expect((await ask(headers)).json()).toMatchObject({ reset_token: expect.any(String) });
    });

    it.each([
      { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' },
      { origin: 'http://localhost:5173' },
      { origin: 'https://localhost:4100', 'sec-fetch-site': 'same-site' },
      { origin: 'http://127.0.0.1:4100' },
    ])('are not given to a page of another origin, %o', async (headers) => {
      const response = await ask(headers);
      expect([response.statusCode, response.json().code]).toEqual([403, 'reset_delivery_refused']);
      expect(await test.auth.database.read('one_time_tokens')).toEqual([]);
    });
  });
});
