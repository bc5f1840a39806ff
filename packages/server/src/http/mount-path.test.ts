import { afterEach, describe, expect, it } from 'vitest';
import { json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';
import { createMountPath } from './hosts.ts';

const publicUrl = new URL('https://app.example.com/auth');

describe('the path of the public URL', () => {
  it.each([
    ['/auth/users', '/users'],
    ['/users', '/users'],
    ['/auth', '/'],
    ['/auth/', '/'],
    ['/auth?a=b', '/?a=b'],
    ['/auth/users?a=/auth/b', '/users?a=/auth/b'],
    ['/auth/auth/users', '/auth/users'],
    ['/authors', '/authors'],
    ['/Auth/users', '/Auth/users'],
    ['/%61uth/users', '/%61uth/users'],
    ['//auth/users', '//auth/users'],
    ['/x/auth/users', '/x/auth/users'],
    ['http://app.example.com/auth/users', 'http://app.example.com/users'],
    ['http://app.example.com/users', 'http://app.example.com/users'],
  ])('is taken off once and at the end of a segment: %s is %s', (target, own) => {
    expect(createMountPath(publicUrl)?.(target)).toBe(own);
  });

  it('is not looked for where there is none', () => {
    expect(createMountPath(undefined)).toBeUndefined();
    expect(createMountPath(new URL('https://auth.example.com'))).toBeUndefined();
  });
});

describe('a service with a path in its public URL', () => {
  let test: TestServer;
  afterEach(() => test.close());

  it('answers on every route with the path and without it', async () => {
    test = await createTestServer({}, {}, { publicUrl });
    const headers = { host: 'app.example.com' };
    const statusOf = async (url: string) => (await test.server.inject({ url, headers })).statusCode;
    const paths = ['/', '/health', '/ready', '/openapi.json', '/profile', '/whoami', '/sessions', '/users', '/nothing'];
    for (const path of paths) expect([path, await statusOf(`/auth${path}`)]).toEqual([path, await statusOf(path)]);
    const ada = json({ email: 'ada@example.com', password: 'correct horse battery' }, '/auth/users');
    const registered = await test.server.inject({ ...ada, headers: { ...ada.headers, ...headers } });
    expect(registered.statusCode).toBe(200);
  });

  it('gives its cookie to the whole origin, whose applications pass it on', async () => {
    test = await createTestServer({}, {}, { publicUrl });
    const ada = { email: 'ada@example.com', password: 'correct horse battery' };
    const send = (url: string) => {
      const request = json(ada, url);
      return test.server.inject({ ...request, headers: { ...request.headers, host: 'app.example.com' } });
    };
    await send('/auth/users');
    const [cookie] = [(await send('/auth/sessions')).headers['set-cookie']].flat();
    expect(cookie).toMatch(/^__Host-session_id=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });
});
