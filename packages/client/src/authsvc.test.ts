import { describe, expect, it } from 'vitest';
import { createAuthsvc } from './authsvc.ts';

describe('createAuthsvc', () => {
  it.each(['127.0.0.1:4100', 'ftp://localhost', 'http://a:b@localhost', 'http://localhost/?a', 'http://localhost/#a'])(
    'refuses the address %j',
    (url) => {
      expect(() => createAuthsvc({ url })).toThrow(TypeError);
      expect(() => createAuthsvc({ url: 'http://127.0.0.1:4100', publicUrl: url })).toThrow(TypeError);
    },
  );

  it('takes an empty public URL for none, and needs an address', () => {
    const { loginUrl } = createAuthsvc({ url: 'http://127.0.0.1:4100/', publicUrl: '' });
    expect(loginUrl()).toBe('http://127.0.0.1:4100/login');
    expect(() => createAuthsvc({ url: '' })).toThrow(TypeError);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses the time limit %j, which ends at once',
    (timeoutMs) => {
      expect(() => createAuthsvc({ url: 'http://127.0.0.1:4100', timeoutMs })).toThrow(TypeError);
    },
  );

  it('sends nothing for a request without a session cookie', async () => {
    const authsvc = createAuthsvc({ url: 'http://127.0.0.1:4100', fetch: () => Promise.reject(new Error('sent')) });
    expect(await authsvc.whoami({ headers: { cookie: 'other=1' } })).toBeNull();
    await expect(authsvc.whoami({ headers: { cookie: 'session_id=x' } })).rejects.toThrow('sent');
  });

  it.each(['http', 'https'])('sends the cookie that the service has behind %s', async (scheme) => {
    const sent: (string | null)[] = [];
    const authsvc = createAuthsvc({
      url: 'http://127.0.0.1:4100',
      publicUrl: `${scheme}://app.example.com/auth`,
      fetch: (...[, init]) => {
        sent.push(new Headers(init?.headers).get('cookie'));
        return Promise.resolve(new Response('{"code":"unauthenticated","message":"no"}', { status: 401 }));
      },
    });
    const cookie = 'session_id=plain; __Host-session_id=secure';
    expect(await authsvc.whoami({ headers: { cookie } })).toBeNull();
    expect(sent).toEqual([scheme === 'https' ? '__Host-session_id=secure' : 'session_id=plain']);
  });

  it("sends the device's cookie with forms, and not to ask whose request it is", async () => {
    const sent: (string | null)[] = [];
    const authsvc = createAuthsvc({
      url: 'http://127.0.0.1:4100',
      publicUrl: 'https://app.example.com',
      fetch: (...[, init]) => {
        sent.push(new Headers(init?.headers).get('cookie'));
        return Promise.resolve(new Response('{"code":"unauthenticated","message":"no"}', { status: 401 }));
      },
    });
    const cookie = '__Host-authsvc_device=known; authsvc_device=planted; __Host-session_id=open; other=1';
    const request = { headers: { cookie }, socket: { remoteAddress: '192.0.2.1' } };
    const login = authsvc.logIn(request, { email: 'a@b.example', password: 'x' });
    await expect(login).rejects.toThrow('no');
    expect(await authsvc.whoami(request)).toBeNull();
    expect(await authsvc.whoami({ headers: { cookie: '__Host-authsvc_device=known' } })).toBeNull();
    expect(sent).toEqual(['__Host-authsvc_device=known; __Host-session_id=open', '__Host-session_id=open']);
  });

  it('takes no login for one that gives no session', async () => {
    const authsvc = createAuthsvc({
      url: 'http://127.0.0.1:4100',
      fetch: () => Promise.resolve(new Response('{"email":"a@b.example","message":"logged in"}')),
    });
    const request = { headers: {}, socket: { remoteAddress: '192.0.2.1' } };
    const login = authsvc.logIn(request, { email: 'a@b.example', password: 'x' });
    await expect(login).rejects.toThrow('logged in without giving a session');
  });
});
