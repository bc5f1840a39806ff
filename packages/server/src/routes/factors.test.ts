import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { answer, json, refused } from '../testing/requests.ts';
import { as, cookieIn, enrol } from '../testing/second-factor.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const often = { loginsPerMinute: 1000, registrationsPerMinute: 1000 };
const loggedIn = { status: 200, body: { email: ada.email, message: 'logged in' } };
const over = refused(
  401,
  'second_factor_expired',
  'this login took too long or had too many wrong codes: log in again',
);

let test: TestServer;
afterEach(() => test.close());

const send = async (request: InjectOptions) => answer(await test.server.inject(request));
const change = (method: 'POST' | 'PUT' | 'DELETE', url: string, fields: object, cookie: string) =>
  send({ ...json(fields, url), ...as(cookie), method });
const get = (url: string, cookie: string) => send({ url, headers: { cookie } });
const logIn = () => test.server.inject(json(ada, '/sessions'));
const askForCode = async (): Promise<string> => (await logIn()).json().second_factor_token;
const sendCode = (second_factor_token: string, code: string) =>
  test.server.inject(json({ second_factor_token, code }, '/sessions/second_factor'));

describe('a second factor', () => {
  it('is begun by the password, enabled by a code, and shown', async () => {
    test = await createTestServer(often, {}, { productName: 'Analytical Engines' });
    await send(json(ada, '/users'));
    const cookie = cookieIn(await logIn());
    expect(await get('/profile/factors', cookie)).toEqual({
      status: 200,
      body: { totp: null, recovery_codes: null, passkeys: [] },
    });
    const { body: begun } = await change('POST', '/profile/totp', { password: ada.password }, cookie);
    expect(begun.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(begun.otpauth_url).toBe(
      `otpauth://totp/Analytical%20Engines:ada%40example.com?secret=${begun.secret}&issuer=Analytical%20Engines`,
    );
    const wrong = await change('PUT', '/profile/totp', { code: '12345' }, cookie);
    expect(wrong).toEqual(refused(401, 'invalid_code', 'wrong code'));
    const code = totpCode(begun.secret, test.auth.clock.now());
    const { status, body } = await change('PUT', '/profile/totp', { code }, cookie);
    expect([status, body.message]).toEqual([200, 'second factor enabled']);
    expect(body.recovery_codes).toHaveLength(10);
  });

  it('gives this session a new token for the time that it had left, and ends every other', async () => {
    test = await createTestServer(often);
    await send(json(ada, '/users'));
    const [other, cookie] = [cookieIn(await logIn()), cookieIn(await logIn())];
    test.auth.clock.advance(3_600_000);
    const { body } = await change('POST', '/profile/totp', { password: ada.password }, cookie);
    const code = totpCode(body.secret, test.auth.clock.now());
    const enabled = await test.server.inject({ ...json({ code }, '/profile/totp'), ...as(cookie), method: 'PUT' });
    expect(enabled.headers['set-cookie']).toContain(`Max-Age=${30 * 86_400 - 3600}; `);
    const renewed = cookieIn(enabled);
    expect(renewed).not.toBe(cookie);
    for (const old of [other, cookie]) expect((await get('/profile', old)).status).toBe(403);
    const { body: whoami } = await get('/whoami', renewed);
    expect(whoami.session.methods).toEqual(['password', 'totp']);
    expect(await get('/profile/factors', renewed)).toMatchObject({
      body: { totp: { enabled_at: '2030-01-01T01:00:00.000Z' }, recovery_codes: { left: 10 } },
    });
  });

  it('is enabled once, and only where the address is proven if mails are sent', async () => {
    test = await createTestServer({ ...often, sendsMail: true });
    await send(json(ada, '/users'));
    const begin = (cookie: string) => change('POST', '/profile/totp', { password: ada.password }, cookie);
    expect(await begin(cookieIn(await logIn()))).toMatchObject({ status: 403, body: { code: 'email_not_verified' } });
    Object.assign(test.auth.policy, { sendsMail: false });
    const { cookie } = await enrol(test, ada);
    expect(await begin(cookie)).toMatchObject({ status: 400, body: { code: 'factor_enabled' } });
    const again = await change('PUT', '/profile/totp', { code: '123456' }, cookie);
    expect(again).toMatchObject({ status: 400, body: { code: 'no_pending_factor' } });
  });
});

describe('a login', () => {
  it('asks for the code after the password, and opens nothing before', async () => {
    test = await createTestServer(often);
    const { nextCode } = await enrol(test, ada);
    const asked = await logIn();
    expect(asked.statusCode).toBe(401);
    expect(asked.headers['set-cookie']).toBeUndefined();
    expect(asked.json()).toEqual({
      code: 'second_factor_required',
      message: 'this account has a second factor: send its code to POST /sessions/second_factor',
      second_factor_token: expect.stringMatching(/^[\w-]{43}$/),
      methods: ['totp', 'recovery_code'],
    });
    const code = nextCode();
    const opened = await sendCode(asked.json().second_factor_token, code);
    expect(answer(opened)).toEqual(loggedIn);
    const { body } = await get('/whoami', cookieIn(opened));
    expect(body.session.methods).toEqual(['password', 'totp']);
    const used = refused(401, 'invalid_code', 'this code was used already: wait for the next one');
    expect(answer(await sendCode(await askForCode(), code))).toEqual(used);
  });

  it('takes a recovery code once, however it is typed, and owes its owner a mail at once', async () => {
    let woken = 0;
    test = await createTestServer(often, {}, { mailOwed: () => (woken += 1) });
    const { recoveryCodes } = await enrol(test, ada);
    const [code = ''] = recoveryCodes;
    const asked = await askForCode();
    woken = 0;
    const opened = await sendCode(asked, ` ${code.toLowerCase().replaceAll('-', ' ')} `);
    expect(answer(opened)).toEqual(loggedIn);
    expect(woken).toBe(1);
    const { body } = await get('/whoami', cookieIn(opened));
    expect(body.session.methods).toEqual(['password', 'recovery_code']);
    expect(await get('/profile/factors', cookieIn(opened))).toMatchObject({ body: { recovery_codes: { left: 9 } } });
    expect(answer(await sendCode(await askForCode(), code))).toMatchObject({
      status: 401,
      body: { code: 'invalid_code' },
    });
  });

  it('waits for its code until just before five minutes', async () => {
    test = await createTestServer(often);
    const { recoveryCodes } = await enrol(test, ada);
    const waiting = await askForCode();
    test.auth.clock.advance(299_999);
    expect(answer(await sendCode(waiting, recoveryCodes[0] ?? ''))).toEqual(loggedIn);
    const late = await askForCode();
    test.auth.clock.advance(300_000);
    expect(answer(await sendCode(late, recoveryCodes[1] ?? ''))).toEqual(over);
  });

  it('is over once it was completed, and after five wrong codes', async () => {
    test = await createTestServer(often);
    const { nextCode } = await enrol(test, ada);
    const done = await askForCode();
    expect(answer(await sendCode(done, nextCode()))).toEqual(loggedIn);
    expect(answer(await sendCode(done, nextCode()))).toEqual(over);
    const guessed = await askForCode();
    for (let tries = 0; tries < 5; tries += 1) expect((await sendCode(guessed, '12345')).statusCode).toBe(401);
    expect(answer(await sendCode(guessed, nextCode()))).toEqual(over);
  });
});

describe('a change of an account with a factor', () => {
  const changes = [
    ['PUT', '/profile/password', { current_password: ada.password, new_password: 'staple after staple' }],
    ['PUT', '/profile/email', { password: ada.password, new_email: 'countess@example.com' }],
    ['DELETE', '/profile', { password: ada.password }],
  ] as const;

  it.each(changes)('asks for a code: %s %s', async (method, path, fields) => {
    test = await createTestServer(often);
    const { cookie, nextCode } = await enrol(test, ada);
    const before = await Promise.all(['events', 'throttles'].map((table) => test.auth.database.read(table)));
    const needed = refused(401, 'second_factor_required', 'this account has a second factor: send a code too');
    expect(await change(method, path, fields, cookie)).toEqual(needed);
    expect(await Promise.all(['events', 'throttles'].map((table) => test.auth.database.read(table)))).toEqual(before);
    const wrong = await change(method, path, { ...fields, code: '12345' }, cookie);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'invalid_code' } });
    expect(await change(method, path, { ...fields, code: nextCode() }, cookie)).toMatchObject({ status: 200 });
  });

  it('of its factor asks for password and code', async () => {
    test = await createTestServer(often);
    const { cookie, nextCode, recoveryCodes } = await enrol(test, ada);
    const wrong = { password: 'wrong', code: nextCode() };
    for (const [method, path] of [
      ['POST', '/profile/recovery_codes'],
      ['DELETE', '/profile/totp'],
    ] as const) {
      expect(await change(method, path, wrong, cookie)).toMatchObject({ body: { code: 'invalid_credentials' } });
      expect(await change(method, path, { password: ada.password }, cookie)).toMatchObject({ status: 400 });
    }
    const renewed = await change(
      'POST',
      '/profile/recovery_codes',
      { ...ada, email: undefined, code: nextCode() },
      cookie,
    );
    expect(renewed.body.recovery_codes).toHaveLength(10);
    expect(answer(await sendCode(await askForCode(), recoveryCodes[0] ?? ''))).toMatchObject({ status: 401 });
    const [code] = renewed.body.recovery_codes;
    const disabled = { status: 200, body: { message: 'second factor disabled' } };
    expect(await change('DELETE', '/profile/totp', { password: ada.password, code }, cookie)).toEqual(disabled);
    expect(answer(await logIn())).toEqual(loggedIn);
    const none = refused(404, 'not_found', 'this account has no second factor');
    expect(await change('DELETE', '/profile/totp', { password: ada.password, code }, cookie)).toEqual(none);
  });
});

describe('a request for the second factor', () => {
  const paths = [
    ['POST', '/profile/totp', { password: 5 }],
    ['POST', '/profile/totp', { password: ada.password, code: '123456' }],
    ['PUT', '/profile/totp', { code: '' }],
    ['PUT', '/profile/totp', { code: '1'.repeat(129) }],
    ['DELETE', '/profile/totp', { password: ada.password }],
    ['POST', '/profile/recovery_codes', {}],
    ['POST', '/sessions/second_factor', { second_factor_token: 'x' }],
    ['POST', '/sessions/second_factor', { second_factor_token: 'x', code: '123456', email: ada.email }],
  ] as const;

  it.each(paths)('that is not as described is 400: %s %s %j', async (method, path, fields) => {
    test = await createTestServer(often);
    await send(json(ada, '/users'));
    const cookie = cookieIn(await logIn());
    expect(await change(method, path, fields, cookie)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  it.each(["' OR 1=1--", '\u0000', '１２３４５６', '-1', '1e5', '\ud800'])('takes %j for no code', async (code) => {
    test = await createTestServer(often);
    await enrol(test, ada);
    const answered = answer(await sendCode(await askForCode(), code));
    expect(answered).toEqual(refused(401, 'invalid_code', 'wrong code'));
  });

  it('needs a session', async () => {
    test = await createTestServer(often);
    for (const [method, path] of [
      ['GET', '/profile/factors'],
      ['POST', '/profile/totp'],
      ['PUT', '/profile/totp'],
      ['DELETE', '/profile/totp'],
      ['POST', '/profile/recovery_codes'],
    ] as const) {
      const fields = path.endsWith('totp') && method === 'POST' ? { password: 'x' } : { password: 'x', code: 'x' };
      const body = method === 'PUT' ? { code: 'x' } : fields;
      const request = method === 'GET' ? { url: path } : { ...json(body, path), method };
      expect(await send(request)).toMatchObject({ status: 403, body: { code: 'unauthenticated' } });
    }
  });
});
