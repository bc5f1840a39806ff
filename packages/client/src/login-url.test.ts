import { describe, expect, it } from 'vitest';
import { createLoginUrls } from './login-url.ts';

const behindPublicUrl = createLoginUrls({ base: 'https://app.example.com/auth', isPublic: true });
const inDevelopment = createLoginUrls({ base: 'http://localhost:4100', isPublic: false });
const withOwnPage = createLoginUrls({ base: 'https://app.example.com/auth', isPublic: true, loginPage: '/log-in?a=1' });

/** What a browser that is sent there takes for another host. */
const elsewhere = [
  '//evil.example/x',
  '///evil.example/x',
  '/\\evil.example/x',
  '/\t/evil.example/x',
  '/\n\\evil.example',
];
/** Paths of the own origin, which begin with two slashes once they are resolved. */
const folded = ['/..//evil.example/x', '/.//evil.example/x', '/%2e%2e//evil.example/x'];

const returnOf = (url: string) => new URL(url, 'https://own.example').searchParams.get('return_to');

describe('loginUrl', () => {
  it('is below the public URL', () => {
    expect(behindPublicUrl.loginUrl()).toBe('https://app.example.com/auth/login');
  });

  it('comes back to a path of the public origin', () => {
    expect(behindPublicUrl.loginUrl('/notes?tab=1#two')).toBe(
      'https://app.example.com/auth/login?return_to=https%3A%2F%2Fapp.example.com%2Fnotes%3Ftab%3D1%23two',
    );
  });

  it('is a path where the login page is one', () => {
    expect(withOwnPage.loginUrl()).toBe('/log-in?a=1');
    expect(withOwnPage.loginUrl('/notes?tab=1')).toBe('/log-in?a=1&return_to=%2Fnotes%3Ftab%3D1');
    expect(withOwnPage.loginUrl('https://app.example.com/notes')).toBe('/log-in?a=1&return_to=%2Fnotes');
  });

  it('is an address where the login page is one', () => {
    const { loginUrl } = createLoginUrls({
      base: 'https://app.example.com/auth',
      isPublic: true,
      loginPage: 'https://app.example.com/log-in',
    });
    expect(loginUrl('/notes')).toBe('https://app.example.com/log-in?return_to=https%3A%2F%2Fapp.example.com%2Fnotes');
  });

  it.each(elsewhere)('refuses %j, which a browser takes for another host', (returnTo) => {
    expect(() => behindPublicUrl.loginUrl(returnTo)).toThrow(TypeError);
    expect(() => withOwnPage.loginUrl(returnTo)).toThrow(TypeError);
    expect(() => inDevelopment.loginUrl(returnTo)).toThrow(TypeError);
  });

  it.each(folded)('stays on its origin for %j', (path) => {
    expect(returnOf(behindPublicUrl.loginUrl(path))).toBe('https://app.example.com/evil.example/x');
    expect(returnOf(withOwnPage.loginUrl(path))).toBe('/evil.example/x');
  });

  it.each(['/@evil.example/', '/.evil.example', '/:8080/'])('keeps the host apart from %j', (path) => {
    expect(returnOf(behindPublicUrl.loginUrl(path))).toBe(`https://app.example.com${path}`);
  });

  it('has no line break', () => {
    expect(returnOf(behindPublicUrl.loginUrl('/a\r\nset-cookie: b=c'))).not.toMatch(/[\r\n]/);
    expect(behindPublicUrl.loginUrl('/a\r\nset-cookie: b=c')).not.toMatch(/[\r\n]/);
  });

  it.each([
    'https://evil.example/',
    'http://app.example.com/',
    'https://app.example.com:8443/',
    'https://app.example.com@evil.example/',
    'https:evil.example',
    'http://localhost:3000/',
    'javascript:alert(1)',
    'data:text/html,x',
    'notes',
    ' /notes',
    '',
  ])('refuses to come back to %j', (returnTo) => {
    expect(() => behindPublicUrl.loginUrl(returnTo)).toThrow(TypeError);
    expect(() => withOwnPage.loginUrl(returnTo)).toThrow(TypeError);
  });

  it('comes back to any port of the own machine in development, and to no other host', () => {
    expect(returnOf(inDevelopment.loginUrl('http://localhost:3000/me'))).toBe('http://localhost:3000/me');
    expect(() => inDevelopment.loginUrl('http://localhost.evil.example/')).toThrow(TypeError);
    expect(() => inDevelopment.loginUrl('http://192.0.2.1:3000/')).toThrow(TypeError);
  });

  it('comes back to a path of the application in development, whose port the request says', () => {
    const request = { headers: { host: '127.0.0.1:3000' } };
    expect(inDevelopment.loginUrl('/me', request)).toBe(
      'http://127.0.0.1:4100/login?return_to=http%3A%2F%2F127.0.0.1%3A3000%2Fme',
    );
    expect(() => inDevelopment.loginUrl('/me')).toThrow(/pass the request/);
  });

  it('is beside the pages to log out and of the account', () => {
    const request = { headers: { host: 'localhost:3000' } };
    expect(inDevelopment.logoutUrl('/', request)).toBe(
      'http://localhost:4100/logout?return_to=http%3A%2F%2Flocalhost%3A3000%2F',
    );
    expect(behindPublicUrl.accountUrl('/')).toMatch(/\/account\?return_to=https%3A%2F%2Fapp\.example\.com%2F$/);
    expect(withOwnPage.logoutUrl()).toMatch(/^https:.*\/logout$/);
  });

  it.each(['log-in', 'javascript:alert(1)', ''])('needs a path or an address for its page, not %j', (loginPage) => {
    expect(() => createLoginUrls({ base: 'http://localhost:4100', isPublic: false, loginPage })).toThrow(TypeError);
  });
});

describe('returnPath', () => {
  const all = [behindPublicUrl, withOwnPage, inDevelopment];

  it.each(['/', '/notes?tab=1#two', '/@evil.example/', '/a//b', '/?next=//evil.example'])('keeps %j', (path) => {
    expect(all.map(({ returnPath }) => returnPath(path))).toEqual([path, path, path]);
  });

  it('gives the path of an address of its origin, as loginUrl writes them', () => {
    expect(behindPublicUrl.returnPath(returnOf(behindPublicUrl.loginUrl('/notes?tab=1')))).toBe('/notes?tab=1');
    expect(inDevelopment.returnPath('http://localhost:3000/me')).toBe('/me');
    expect(behindPublicUrl.returnPath('http://localhost:3000/me')).toBe('/');
  });

  it.each([
    ...elsewhere,
    'https://evil.example/',
    'https:evil.example',
    'https://app.example.com@evil.example/',
    'https://user:password@evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://app.example.com/x',
    '\t//evil.example',
    '\u0000//evil.example',
    '\\\\evil.example',
    '//[',
    '//',
    'notes',
    '',
    undefined,
    null,
    1,
    ['/notes'],
    ['//evil.example'],
    { toString: () => '//evil.example' },
  ])('falls back for %j', (returnTo) => {
    expect(all.map(({ returnPath }) => returnPath(returnTo))).toEqual(['/', '/', '/']);
    expect(behindPublicUrl.returnPath(returnTo, '/home')).toBe('/home');
  });

  it.each(folded)('has one slash at the start for %j', (path) => {
    for (const { returnPath } of all) expect(returnPath(path)).toBe('/evil.example/x');
  });

  it('has no character that ends a header or a path', () => {
    expect(behindPublicUrl.returnPath('/a\r\nset-cookie: b=\u0000\u00ff')).toMatch(/^\/[\x21-\x7e]+$/);
  });
});

describe('loginUrlFrom', () => {
  const request = { url: '/me', originalUrl: '/app/me?tab=1', headers: { host: 'localhost:3000' } };

  it('comes back to what was asked for before a router cut it', () => {
    expect(returnOf(behindPublicUrl.loginUrlFrom(request))).toBe('https://app.example.com/app/me?tab=1');
    expect(returnOf(withOwnPage.loginUrlFrom(request))).toBe('/app/me?tab=1');
  });

  it('comes back to the port of the application in development', () => {
    expect(returnOf(inDevelopment.loginUrlFrom(request))).toBe('http://localhost:3000/app/me?tab=1');
  });

  it.each([
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', 'localhost'],
  ])('logs in on the host name of the application, %s, which the cookie is for', (host, expected) => {
    const url = inDevelopment.loginUrlFrom({ ...request, headers: { host: `${host}:3000` } });
    expect(new URL(url).host).toBe(`${expected}:4100`);
    expect(returnOf(url)).toBe(`http://${host}:3000/app/me?tab=1`);
  });

  it.each(['evil.example', 'localhost:3000/@evil.example', 'localhost.evil.example', 'evil.example#localhost'])(
    'does not believe the Host %j',
    (host) => {
      const returnTo = returnOf(inDevelopment.loginUrlFrom({ ...request, headers: { host } }));
      expect(returnTo).toBe('http://localhost:4100/app/me?tab=1');
    },
  );

  it.each([...elsewhere, ...folded])('stays on its origin for the request target %j', (url) => {
    const asked = { url, headers: { host: 'localhost:3000' } };
    expect(returnOf(withOwnPage.loginUrlFrom(asked))).toMatch(/^\/evil\.example/);
    expect(returnOf(behindPublicUrl.loginUrlFrom(asked))).toMatch(/^https:\/\/app\.example\.com\/evil\.example/);
    expect(returnOf(inDevelopment.loginUrlFrom(asked))).toMatch(/^http:\/\/localhost:3000\/evil\.example/);
  });

  it('refuses to lead the login page to itself', () => {
    expect(() => withOwnPage.loginUrlFrom({ url: '/log-in?return_to=%2F', headers: {} })).toThrow(
      /guards the login page/,
    );
    expect(withOwnPage.loginUrlFrom({ url: '/log-ins', headers: {} })).toContain('return_to');
  });

  it.each(['http://evil.example/x', '*', '', undefined])('comes back to / for the request target %j', (url) => {
    expect(returnOf(behindPublicUrl.loginUrlFrom({ url, headers: {} }))).toBe('https://app.example.com/');
  });
});

describe('loginUrlAfterForm', () => {
  const from = (referer?: string) => ({
    url: '/notes',
    headers: { host: 'localhost:3000', ...(referer && { referer }) },
  });

  it('comes back to the page that had the form', () => {
    expect(returnOf(inDevelopment.loginUrlAfterForm(from('http://localhost:3000/new?a=1')))).toBe(
      'http://localhost:3000/new?a=1',
    );
    expect(returnOf(behindPublicUrl.loginUrlAfterForm(from('https://app.example.com/new')))).toBe(
      'https://app.example.com/new',
    );
    expect(returnOf(withOwnPage.loginUrlAfterForm(from('https://app.example.com/new')))).toBe('/new');
  });

  it.each([undefined, 'https://evil.example/x', 'http://localhost:3001/x', 'not an address'])(
    'comes back to the first page of the application if the form was on %j',
    (referer) => {
      expect(returnOf(inDevelopment.loginUrlAfterForm(from(referer)))).toBe('http://localhost:3000/');
      expect(returnOf(behindPublicUrl.loginUrlAfterForm(from(referer)))).toBe('https://app.example.com/');
      expect(withOwnPage.loginUrlAfterForm(from(referer))).not.toContain('return_to');
    },
  );
});
