import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { FORM_TYPE, form, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const publicUrl = new URL('https://app.example.com/auth');
const aToken = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';

const publicPages = [
  '/login',
  '/register',
  '/logout',
  '/reset',
  `/reset?email=a@b.example&token=${aToken}`,
  '/reset?asked',
];
const ownPages = ['/account', '/account/email', '/account/password', '/account/delete', '/account/totp'];

let test: TestServer;
afterEach(() => test.close());

const get = (url: string, headers: Readonly<Record<string, string>> = {}) => test.server.inject({ url, headers });
const send = (
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) => {
  const request = form(new URLSearchParams(fields).toString(), url);
  return test.server.inject({ ...request, headers: { ...FORM_TYPE, ...headers } });
};
const cookieIn = ({ headers }: LightMyRequestResponse) => [headers['set-cookie']].flat()[0]?.split(';', 1)[0] ?? '';
async function logIn(): Promise<{ cookie: string }> {
  await send('/register', ada);
  return { cookie: cookieIn(await send('/login', ada)) };
}

describe('every page', () => {
  it('has a strict policy, and is kept nowhere', async () => {
    test = await createTestServer();
    const who = await logIn();
    for (const url of [...publicPages, ...ownPages]) {
      const { headers, statusCode } = await get(url, who);
      expect([url, statusCode]).toEqual([url, 200]);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        // The address of the one page holds a token: not even our own log gets it as a referrer.
        'referrer-policy': url.includes('token') ? 'strict-origin' : 'same-origin',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('has no script, and only relative references', async () => {
    test = await createTestServer();
    const who = await logIn();
    for (const url of [...publicPages, ...ownPages]) {
      const { body } = await get(url, who);
      expect(body).not.toMatch(/<script|javascript:|\son\w+=|<style|\sstyle=/i);
      const references = [...body.matchAll(/\s(?:href|src|action)="([^"]*)"/g)].map(([, reference = '']) => reference);
      expect(references.filter((reference) => /^\/|:/.test(reference))).toEqual([]);
    }
  });

  it('shows nothing that is undefined or false', async () => {
    test = await createTestServer();
    const who = await logIn();
    for (const url of [...publicPages, ...ownPages]) {
      expect((await get(url, who)).body).not.toMatch(/undefined|(?<!spellcheck=")false|\[object/);
    }
  });

  it('answers HEAD as GET', async () => {
    test = await createTestServer();
    const who = await logIn();
    for (const url of [...publicPages, ...ownPages]) {
      const head = await test.server.inject({ method: 'HEAD', url, headers: who });
      expect([url, head.statusCode, head.body]).toEqual([url, 200, '']);
      expect(head.headers['content-length']).toBe((await get(url, who)).headers['content-length']);
    }
  });

  it('answers with the path of the public URL and without it', async () => {
    test = await createTestServer({}, {}, { publicUrl });
    for (const url of [...publicPages, ...ownPages, '/authsvc.css', '/authsvc.svg']) {
      const host = { host: 'app.example.com' };
      const [plain, mounted] = [await get(url, host), await get(`/auth${url}`, host)];
      expect([url, plain.statusCode, plain.body]).toEqual([url, mounted.statusCode, mounted.body]);
      expect(plain.statusCode).toBeLessThan(400);
    }
  });

  it('escapes what it shows', async () => {
    test = await createTestServer({}, {}, { productName: '<b>"Söhne" & \'Co\'' });
    const answer = await send('/login', { email: '"><img src=x onerror=alert(1)>', password: 'x' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toMatch(/<img|<b>/);
    expect(answer.body).toContain('value="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"');
    expect((await get('/authsvc.svg')).body).not.toContain('<<');
  });
});

describe('a form that is refused', () => {
  it.each([
    ['/login', { email: 'ada@example.com', password: '' }, 400, 'Enter your password.'],
    ['/login', { email: 'ada@example.com', password: 'not it at all' }, 401, 'Wrong email or password.'],
    ['/login', { email: 'ada', password: 'x' }, 400, 'Enter an email address, such as ada@example.com.'],
    ['/login', { email: 'ada@example.com', password: 'x', more: 'y' }, 400, 'The form did not arrive as it was sent.'],
    [
      '/register',
      { email: 'ada@example.com', password: 'longer than it' },
      400,
      'There is already an account with this',
    ],
    ['/register', { email: 'bob@example.com', password: '1234567' }, 400, 'Use at least 8 characters.'],
    ['/register', { email: 'bob@example.com', password: 'password123' }, 400, 'one of the most common passwords'],
    ['/register', { email: 'bob@example.com', password: 'bob@example.com' }, 400, 'must not be your email'],
    ['/register', { email: `${'b'.repeat(300)}@example.com`, password: 'x' }, 400, 'Use at most 254 characters.'],
    ['/reset', { email: 'bob@example.com' }, 403, 'There is no account with this email.'],
    [
      '/reset',
      { email: 'ada@example.com', reset_token: aToken, new_password: 'quiet river lamp' },
      403,
      'is not valid',
    ],
    [
      '/reset',
      { email: 'ada@example.com', reset_token: '', new_password: 'quiet river lamp' },
      400,
      'Enter the token.',
    ],
  ])('comes back from %s with what was typed: %j', async (url, fields, status, text) => {
    test = await createTestServer();
    await logIn();
    const { statusCode, body, headers } = await send(url, fields);
    expect(statusCode).toBe(status);
    expect(body).toContain(text);
    expect(body).toContain('<title>Problem: ');
    expect(body).toContain(`value="${fields.email}"`);
    const { new_password: newPassword, password } = fields as Readonly<Record<string, string | undefined>>;
    const secret = newPassword ?? password;
    if (secret !== undefined && secret.length > 1 && secret !== fields.email) expect(body).not.toContain(secret);
    expect(headers['set-cookie']).toBeUndefined();
  });

  it.each([
    ['/account/email', { new_email: 'bob@example.com', password: 'not it at all' }, 401, 'This is not your password.'],
    ['/account/email', { new_email: 'bob', password: ada.password }, 400, 'Enter an email address'],
    ['/account/email', { new_email: ada.email, password: '' }, 400, 'Enter your password.'],
    ['/account/password', { current_password: 'not it', new_password: 'quiet river lamp' }, 401, 'not your password.'],
    ['/account/password', { current_password: ada.password, new_password: '' }, 400, 'Enter a new password.'],
    ['/account/delete', { password: 'not it at all' }, 401, 'This is not your password.'],
    ['/account/forget-device', { id: aToken }, 404, 'This was ended or forgotten already.'],
    ['/account/end-session', { id: aToken }, 404, 'This was ended or forgotten already.'],
  ])('keeps the session at %s: %j', async (url, fields, status, text) => {
    test = await createTestServer();
    const who = await logIn();
    const { statusCode, body } = await send(url, fields, who);
    expect([statusCode, body]).toEqual([status, expect.stringContaining(text)]);
    expect((await get('/profile', who)).statusCode).toBe(200);
  });

  it('says when to try again', async () => {
    test = await createTestServer({ loginsPerMinute: 1, throttleLoopback: true });
    await send('/login', ada);
    const { statusCode, headers, body } = await send('/login', ada);
    expect([statusCode, headers['retry-after']]).toEqual([429, '60']);
    expect(body).toContain('Too many attempts. Try again in 60 seconds.');
  });

  it('is a page too if its body cannot be read', async () => {
    test = await createTestServer();
    const { statusCode, body } = await test.server.inject({
      method: 'POST',
      url: '/login',
      payload: 'a=%zz',
      headers: FORM_TYPE,
    });
    expect([statusCode, body]).toEqual([400, expect.stringContaining('The form did not arrive as it was sent.')]);
  });
});

describe('someone who is not logged in', () => {
  it.each([
    ['/account', 'login'],
    ['/account/email', '../login?return_to=account/email'],
    ['/account/password', '../login?return_to=account/password'],
    ['/account/delete', '../login?return_to=account/delete'],
  ])('is led from %s to the login', async (url, location) => {
    test = await createTestServer();
    const answer = await get(url, { cookie: 'session_id=unknown' });
    expect([answer.statusCode, answer.headers.location]).toEqual([303, location]);
  });

  it('changes nothing by a form', async () => {
    test = await createTestServer();
    for (const path of ['email', 'password', 'delete', 'end-session', 'end-other-sessions']) {
      const answer = await send(`/account/${path}`, {});
      expect([path, answer.statusCode]).toEqual([path, 403]);
      expect(answer.body).toContain('You are not logged in, or no longer.');
    }
  });
});

describe('a login by page', () => {
  it('ends the session that the browser brought, once the new one is open', async () => {
    test = await createTestServer();
    const who = await logIn();
    await send('/login', { ...ada, password: 'not it at all' }, who);
    expect((await get('/profile', who)).statusCode).toBe(200);
    const again = { cookie: cookieIn(await send('/login', ada, who)) };
    expect((await get('/profile', who)).statusCode).toBe(403);
    expect((await get('/profile', again)).statusCode).toBe(200);
  });

  it('allows its form to lead to the place to go back to, and to no other', async () => {
    test = await createTestServer({}, {}, { publicUrl, trustedOrigins: ['https://shop.example.com'] });
    const policyOf = async (returnTo: string) => {
      const url = `/login?return_to=${encodeURIComponent(returnTo)}`;
      const { headers } = await get(url, { host: 'app.example.com' });
      return /form-action ([^;]*);/.exec(String(headers['content-security-policy']))?.[1];
    };
    expect(await policyOf('https://shop.example.com/cart')).toBe("'self' https://shop.example.com");
    expect(await policyOf('/orders')).toBe("'self' https://app.example.com");
    expect(await policyOf('https://evil.example')).toBe("'self'");
    const answer = await send(`/register?return_to=${encodeURIComponent('https://shop.example.com/cart')}`, ada, {
      host: 'app.example.com',
    });
    expect([answer.statusCode, answer.headers.location]).toEqual([303, 'https://shop.example.com/cart']);
  });
});

describe('a reset whose new password is refused', () => {
  it('keeps the token hidden, which is not at fault', async () => {
    test = await createTestServer();
    await logIn();
    const { body } = await send('/reset', { email: ada.email });
    const [hidden = '', token = ''] = /<input type="hidden" name="reset_token" value="([^"]+)">/.exec(body) ?? [];
    const refused = await send('/reset', { email: ada.email, reset_token: token, new_password: 'short' });
    expect(refused.body).toContain(hidden);
    expect(refused.body).toMatch(/name="email"[^>]* readonly/);
    const wrong = { email: ada.email, reset_token: aToken, new_password: 'quiet river lamp' };
    expect((await send('/reset', wrong)).body).toMatch(/<input id="reset_token"/);
  });
});

describe('the place to go back to', () => {
  it('is kept from the login to a reset, and back', async () => {
    test = await createTestServer();
    await logIn();
    const query = '?return_to=http%3A%2F%2Flocalhost%3A3000%2F';
    expect((await get(`/login${query}`)).body).toContain(`href="reset${query}"`);
    const { body } = await send(`/reset${query}`, { email: ada.email });
    expect(body).toContain(`action="reset${query}"`);
    const [, token = ''] = /name="reset_token" value="([^"]+)"/.exec(body) ?? [];
    const fields = { email: ada.email, reset_token: token, new_password: 'quiet river lamp' };
    expect((await send(`/reset${query}`, fields)).headers.location).toBe(`login?done=password-reset&${query.slice(1)}`);
  });

  it('is kept by everything that is done on the account page', async () => {
    test = await createTestServer();
    const who = await logIn();
    const back = 'return_to=http%3A%2F%2Flocalhost%3A3000%2F';
    const { body } = await get(`/account?${back}`, who);
    const links = [...body.matchAll(/(?:href|action)="((?:account|logout)[^"]*)"/g)].map(([, link]) => link);
    expect(links).toHaveLength(9);
    expect(links.filter((link) => !link?.endsWith(`?${back}`))).toEqual([]);
    const fields = { current_password: ada.password, new_password: 'quiet river lamp' };
    const { headers } = await send(`/account/password?${back}`, fields, who);
    expect(headers.location).toBe(`../account?done=password-changed&${back}`);
  });

  it('is linked from the account, if it is one of ours', async () => {
    test = await createTestServer();
    const who = await logIn();
    const shown = async (to: string) => (await get(`/account?return_to=${encodeURIComponent(to)}`, who)).body;
    expect(await shown('http://localhost:3000/')).toContain('<a href="http://localhost:3000/">Back to the application');
    expect(await shown('https://evil.example/')).not.toContain('evil');
  });
});

describe('GET /', () => {
  const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
  const landing = async (options: Parameters<typeof createTestServer>[2], headers = {}) => {
    test = await createTestServer({}, {}, options);
    const answer = await get('/', { ...(options?.publicUrl && { host: options.publicUrl.host }), ...headers });
    return answer.headers.location ?? answer.json().name;
  };

  it.each([
    ['the account', {}, browser, 'account'],
    ['the account at the public URL', { publicUrl }, browser, 'https://app.example.com/auth/account'],
    [
      "the application's own pages",
      { pages: new URL('https://app.example.com/me') },
      browser,
      'https://app.example.com/me',
    ],
    ['no page if there are none', { pages: 'off' as const }, browser, 'authsvc'],
    ['no page if JSON will do', {}, { accept: '*/*' }, 'authsvc'],
  ])('leads a browser to %s', async (_what, options, headers, location) => {
    expect(await landing(options, headers)).toBe(location);
  });
});

describe('without pages', () => {
  it.each(['off' as const, new URL('https://app.example.com/me')])(
    'there is nothing at their paths: %s',
    async (pages) => {
      test = await createTestServer({}, {}, { pages });
      for (const url of [...publicPages, ...ownPages, '/authsvc.css']) {
        expect([url, (await get(url)).statusCode]).toEqual([url, 404]);
      }
    },
  );

  it('the six endpoints answer as they do with pages', async () => {
    const answers = [];
    for (const pages of ['on', 'off'] as const) {
      test = await createTestServer({}, {}, { pages });
      const ask = async (request: InjectOptions) => {
        const { statusCode, headers, body } = await test.server.inject(request);
        return { statusCode, headers: { ...headers, date: undefined }, body };
      };
      const html = { accept: 'text/html' };
      answers.push([
        await ask(json(ada, '/users')),
        await ask({ ...form(new URLSearchParams(ada).toString(), '/users'), headers: { ...FORM_TYPE, ...html } }),
        await ask(json(ada, '/sessions')),
        await ask(json({ ...ada, password: 'wrong' }, '/sessions')),
        await ask({ url: '/profile', headers: html }),
        await ask({ method: 'DELETE', url: '/sessions', headers: html }),
        await ask(json({ email: ada.email }, '/reset_password')),
        await ask({
          ...json({ email: ada.email, reset_token: 'x', new_password: 'quiet river' }, '/reset_password'),
          method: 'PUT',
        }),
      ]);
      if (pages === 'on') await test.close();
    }
    expect(answers[0]).toEqual(answers[1]);
  });
});
