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
