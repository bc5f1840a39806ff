import { afterEach, describe, expect, it } from 'vitest';
import { json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

let test: TestServer;
afterEach(() => test.close());

const warnings = () =>
  test.logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'logins_without_forwarded_for');

async function logInAll(count: number, headers: Record<string, string> = {}): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const request = json({ email: `user${index}@example.com`, password: 'correct horse battery' }, '/sessions');
    await test.server.inject({ ...request, headers: { ...request.headers, ...headers } });
  }
}

describe('a trusted address that logs in many people', () => {
  const trusted = { trustedProxies: ['127.0.0.0/8'] };

  it('is warned about once, with the remedy, when it does not say for whom', async () => {
    test = await createTestServer({}, {}, trusted);
    await logInAll(9);
    expect(warnings()).toEqual([]);
    await logInAll(25);
    expect(warnings()).toEqual([
      expect.objectContaining({
        level: 'warn',
        peer: '127.0.0.1',
        message: expect.stringMatching(/pass on the address/),
      }),
    ]);
  });

  it('may do so for one person, or with X-Forwarded-For', async () => {
    test = await createTestServer({}, {}, trusted);
    for (let round = 0; round < 25; round += 1) await logInAll(1);
    await logInAll(25, { 'x-forwarded-for': '203.0.113.9' });
    expect(warnings()).toEqual([]);
  });

  it('is nothing to warn about where it is not trusted', async () => {
    test = await createTestServer({}, {}, { trustedProxies: [] });
    await logInAll(25);
    expect(warnings()).toEqual([]);
  });
});
