import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings, json } from './testing/requests.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };

describe('requestClient', () => {
  let test: TestServer;

  beforeEach(async () => {
    test = await createTestServer();
    const headers = { 'content-type': 'application/json', 'user-agent': 'x'.repeat(1000) };
    await test.server.inject({ method: 'POST', url: '/users', payload: JSON.stringify(credentials), headers });
  });
  afterEach(() => test.close());

  it('is the peer, with as much of its user agent as is worth keeping', () => {
    expect(test.auth.events.map(({ address, userAgent }) => ({ address, userAgent }))).toEqual([
      { address: '127.0.0.1', userAgent: 'x'.repeat(256) },
    ]);
  });

  it.each([
    ['forwarded', 'for=192.0.2.1'],
    ['via', '1.1 proxy'],
    ['x-forwarded-for', '192.0.2.1'],
    ['X-Forwarded-Proto', 'https'],
  ])('counts as proxied by the header %s, and is handed no reset token', async (name, value) => {
    const { payload, headers } = encodings.json({ email: credentials.email });
    const request = {
      method: 'POST',
      url: '/reset_password',
      payload,
      headers: { ...headers, [name]: value },
    } as const;
    expect(answer(await test.server.inject(request))).toEqual({
      status: 403,
      body: { code: 'reset_delivery_refused', message: expect.stringContaining('came through a proxy') },
    });
    expect((await test.server.inject(json({ email: credentials.email }, '/reset_password'))).statusCode).toBe(200);
  });
});

describe('the address of a client', () => {
  const spoofed = '203.0.113.9';

  it.each([
    ['without proxies is the peer', [], '127.0.0.1', spoofed, '127.0.0.1'],
    ['is the peer where that is no listed proxy', ['10.0.0.5'], '10.0.0.6', spoofed, '10.0.0.6'],
    ['is what a listed proxy saw', ['10.0.0.5'], '10.0.0.5', '198.51.100.7', '198.51.100.7'],
    ['is not what the client made up before it', ['10.0.0.5'], '10.0.0.5', `${spoofed}, 198.51.100.7`, '198.51.100.7'],
    ['is looked for beyond each listed proxy', ['10.0.0.0/8'], '10.0.0.5', '198.51.100.7, 10.0.0.6', '198.51.100.7'],
    ['is found behind an IPv6 proxy', ['fd00::/8'], 'fd00::1', '2001:db8::7', '2001:db8::7'],
    [
      'is found behind an IPv4 proxy on an IPv6 socket',
      ['10.0.0.5'],
      '::ffff:10.0.0.5',
      '198.51.100.7',
      '198.51.100.7',
    ],
    ['is the proxy where that says nothing', ['10.0.0.5'], '10.0.0.5', undefined, '10.0.0.5'],
    ['is the proxy where that says no address', ['10.0.0.5'], '10.0.0.5', 'unknown', '10.0.0.5'],
  ] as const)('%s', async (_what, trustedProxies, remoteAddress, forwardedFor, address) => {
    const publicUrl = new URL('https://auth.example.com');
    const test = await createTestServer({ throttleLoopback: true }, {}, { publicUrl, trustedProxies });
    const { payload, headers } = encodings.json(credentials);
    await test.server.inject({
      method: 'POST',
      url: '/users',
      payload,
      headers: { ...headers, ...(forwardedFor && { 'x-forwarded-for': forwardedFor }) },
      remoteAddress,
    });
    expect(test.auth.events.map((event) => event.address)).toEqual([address]);
    await test.close();
  });
});
