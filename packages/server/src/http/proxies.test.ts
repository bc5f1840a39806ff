import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };

describe('requesterOf', () => {
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
    ['C0 controls', '\u0000\u0007\t\u001b[31m'],
    ['C1 controls', '\u0080\u009b31m\u009f'],
    ['DEL', '\u007f'],
    ['ends of lines', '\r\n\u0085\u2028\u2029'],
    ['marks of direction', '\u061c\u200e\u200f\u202a\u202e\u2066\u2069'],
  ])('has a user agent without %s', async (_what, text) => {
    const headers = { 'content-type': 'application/json', 'user-agent': `a${text}b` };
    const payload = JSON.stringify({ ...credentials, email: 'other@example.com' });
    await test.server.inject({ method: 'POST', url: '/users', payload, headers });
    expect(test.auth.events.at(-1)?.userAgent).toMatch(/^a[\ufffd\d[m]+b$/);
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
    ['is read with a port', ['10.0.0.5'], '10.0.0.5', '203.0.113.9:51432', '203.0.113.9'],
    ['is read in brackets with a port', ['10.0.0.5'], '10.0.0.5', '[2001:db8::7]:4711', '2001:db8::7'],
    ['is read as IPv4 in hexadecimal IPv6', ['10.0.0.5'], '10.0.0.5', '::ffff:cb00:7110', '203.0.113.16'],
    ['is read as IPv4 in IPv6', ['10.0.0.5'], '10.0.0.5', '::ffff:203.0.113.9', '203.0.113.9'],
    [
      'is looked for beyond listed proxies with ports',
      ['10.0.0.0/8'],
      '10.0.0.5',
      '203.0.113.9:1, 10.0.0.7:2, [::ffff:a00:6]:3',
      '203.0.113.9',
    ],
    ['is the proxy where that has a zone and says nothing', ['fe80::/10'], 'fe80::1%eth0', undefined, 'fe80::1'],
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

  it('is warned about once, where a listed proxy names none', async () => {
    const trustedProxies = ['10.0.0.0/8'];
    const test = await createTestServer({ throttleLoopback: true }, {}, { trustedProxies });
    const register = async (remoteAddress: string, forwardedFor?: string) => {
      const { payload, headers } = encodings.json(credentials);
      const forwarded = { ...headers, ...(forwardedFor && { 'x-forwarded-for': forwardedFor }) };
      await test.server.inject({ method: 'POST', url: '/users', payload, headers: forwarded, remoteAddress });
    };
    for (const said of ['unknown', 'unknown', '198.51.100.7, _hidden']) await register('10.0.0.5', said);
    await register('10.0.0.6', 'unknown');
    await register('10.0.0.7', '203.0.113.9:51432');
    await register('10.0.0.8');
    await register('198.51.100.7', 'unknown');
    const warnings = test.logLines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn');
    expect(warnings.map(({ event, address }) => `${event} ${address}`)).toEqual([
      'proxy_names_no_client 10.0.0.5',
      'proxy_names_no_client 10.0.0.6',
    ]);
    await test.close();
  });
});
