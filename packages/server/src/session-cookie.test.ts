import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings, refused } from './testing/requests.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };
const noSession = refused(403, 'unauthenticated', 'log in first: there is no valid session');

describe('readSessionCookie', () => {
  let test: TestServer;
  let cookie: string;

  beforeEach(async () => {
    test = await createTestServer();
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(credentials) });
    const logIn = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.json(credentials) });
    [cookie = ''] = String(logIn.headers['set-cookie']).split(';', 1);
  });
  afterEach(() => test.close());

  const profile = async (header: string) =>
    answer(await test.server.inject({ url: '/profile', headers: { cookie: header } }));

  it('finds ours among others', async () => {
    expect(await profile(`theme=dark; ${cookie}; other="x y"`)).toEqual({
      status: 200,
      body: { email: credentials.email },
    });
  });

  it.each([
    'session_id=%zz',
    'session_id',
    '=',
    ';;;',
    'session_id="',
    'session_id=\u00ff',
    `session_id=${'x'.repeat(4000)}`,
  ])('takes %j for no session', async (header) => {
    expect(await profile(header)).toEqual(noSession);
  });

  it('knows the name to the letter', async () => {
    expect(await profile(cookie.replace('session_id', 'Session_id'))).toEqual(noSession);
  });
});
