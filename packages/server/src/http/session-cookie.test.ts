import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

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

  it('takes the first valid one of several', async () => {
    expect((await profile(`${cookie}; session_id=x`)).status).toBe(200);
    expect((await profile(`session_id=stale; ${cookie}`)).status).toBe(200);
    expect((await profile(`session_id=stale;session_id=;a=b; session_id=older; ${cookie}; session_id=x`)).status).toBe(
      200,
    );
  });

  it('tries four at most', async () => {
    expect((await profile(`${'session_id=stale; '.repeat(3)}${cookie}`)).status).toBe(200);
    expect(await profile(`${'session_id=stale; '.repeat(4)}${cookie}`)).toEqual(noSession);
  });

  it('is the one of the first of two that are valid', async () => {
    const other = { email: 'other@example.com', password: 'secure_password' };
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(other) });
    const logIn = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.json(other) });
    const [second] = String(logIn.headers['set-cookie']).split(';', 1);
    expect((await profile(`session_id=stale; ${second}; ${cookie}`)).body).toEqual({ email: other.email });
  });

  it.each([
    ['GET', '/sessions', undefined],
    ['DELETE', '/sessions/others', undefined],
    ['DELETE', '/sessions', undefined],
    ['PUT', '/profile/password', { current_password: credentials.password, new_password: 'another_password' }],
    ['DELETE', '/profile', { password: credentials.password }],
  ] as const)('opens %s %s behind a stale one', async (method, url, fields) => {
    const { headers = {}, ...body } = fields ? encodings.json(fields) : {};
    const request = { method, url, ...body, headers: { ...headers, cookie: `session_id=stale; ${cookie}` } };
    expect((await test.server.inject(request)).statusCode).toBe(200);
  });

  it('is the one that a logout ends', async () => {
    await test.server.inject({
      method: 'DELETE',
      url: '/sessions',
      headers: { cookie: `session_id=stale; ${cookie}` },
    });
    expect(await profile(cookie)).toEqual(noSession);
  });

  it.each([
    'session_id=%zz',
    'session_id',
    '=',
    ';;;',
    'session_id="',
    'session_id=\u00ff',
    `session_id=${'x'.repeat(4000)}`,
    'x; y=session_id=x',
  ])('takes %j for no session', async (header) => {
    expect(await profile(header)).toEqual(noSession);
  });

  it('knows the name to the letter', async () => {
    expect(await profile(cookie.replace('session_id', 'Session_id'))).toEqual(noSession);
  });
});

describe('the cookie by the public URL', () => {
  const loggedIn = async (publicUrl: string) => {
    const test = await createTestServer({}, {}, { publicUrl: new URL(publicUrl) });
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(credentials) });
    const response = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.json(credentials) });
    const [header = '', device = ''] = [response.headers['set-cookie'] ?? []].flat();
    return { test, header, device, body: response.json() };
  };

  it('is prefixed and secure with https, and known by no other name', async () => {
    const { test, header, device, body } = await loggedIn('https://auth.example.com');
    expect(header).toMatch(/^__Host-session_id=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(device).toMatch(
      /^__Host-authsvc_device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(body).toEqual({ email: credentials.email, message: 'logged in' });
    const [cookie = ''] = header.split(';', 1);
    const profile = async (text: string) =>
      (await test.server.inject({ url: '/profile', headers: { cookie: text } })).statusCode;
    expect(await profile(cookie)).toBe(200);
    expect(await profile(cookie.replace('__Host-', ''))).toBe(403);
    expect(await profile(cookie.replace('__Host-', '__host-'))).toBe(403);
    const logOut = await test.server.inject({ method: 'DELETE', url: '/sessions', headers: { cookie } });
    expect(logOut.headers['set-cookie']).toBe(
      '__Host-session_id=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
    );
    await test.close();
  });

  it('is neither with http', async () => {
    const { test, header, device } = await loggedIn('http://auth.example.com');
    expect(header).toMatch(/^session_id=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(device).toMatch(/^authsvc_device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Lax$/);
    await test.close();
  });
});
