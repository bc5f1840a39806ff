import { sendMails } from '@authsvc/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { totpCode } from '../../../../../test/totp-code.ts';
import { type Fields, form, json } from '../../testing/requests.ts';
import { cookieIn, enrol } from '../../testing/second-factor.ts';
import { createTestServer, type TestServer } from '../../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const often = { loginsPerMinute: 1000, registrationsPerMinute: 1000 };

let test: TestServer;
afterEach(() => test.close());

const get = (url: string, cookie = '') => test.server.inject({ url, headers: { cookie } });
const send = (url: string, fields: Fields, cookie = '') => {
  const request = form(new URLSearchParams(fields).toString(), url);
  return test.server.inject({ ...request, headers: { ...request.headers, cookie } });
};
async function logIn(): Promise<string> {
  await test.server.inject(json(ada, '/users'));
  return cookieIn(await test.server.inject(json(ada, '/sessions')));
}
/** Types the password at the login page. @returns the token in the form that asks for the code. */
async function askForCode(query = ''): Promise<string> {
  const { body } = await send(`/login${query}`, ada);
  return /name="second_factor_token" value="([\w-]{43})"/.exec(body)?.[1] ?? '';
}
const secretIn = (body: string) => (/<p class="secret"><code>([^<]+)</.exec(body)?.[1] ?? '').replaceAll(' ', '');
const codesIn = (body: string) => [...body.matchAll(/<li><code>([^<]+)</g)].map(([, code = '']) => code);

describe('the login page', () => {
  it('asks for the code on a page that no address leads to', async () => {
    test = await createTestServer(often);
    await enrol(test, ada);
    const { statusCode, body, headers } = await send('/login', ada);
    expect([statusCode, headers['set-cookie']]).toEqual([401, undefined]);
    expect(body).toContain('<h1>Enter your code</h1>');
    expect(body).toContain('<form method="post" action="login/code" novalidate>');
    expect(body).toMatch(/<input id="code" name="code" type="text" autocomplete="one-time-code"[^>]*autofocus>/);
    expect(body).not.toMatch(/maxlength|correct horse/);
    const shown = await get('/login/code?return_to=%2Forders');
    expect([shown.statusCode, shown.headers.location]).toEqual([303, '../login?return_to=%2Forders']);
  });

  it('logs in by the code, and ends the session that the browser brought', async () => {
    test = await createTestServer(often);
    const { cookie, nextCode } = await enrol(test, ada);
    const second_factor_token = await askForCode();
    const { statusCode, headers } = await send('/login/code', { second_factor_token, code: nextCode() }, cookie);
    expect([statusCode, headers.location]).toEqual([303, '../account']);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^session_id=/),
      expect.stringMatching(/^authsvc_device=/),
    ]);
    expect((await get('/profile', cookie)).statusCode).toBe(403);
  });

  it.each([
    ['/orders?id=1', '/orders?id=1'],
    ['http://localhost:3000/', 'http://localhost:3000/'],
    ['account/email', '../account/email'],
    ['https://evil.example/', '../account'],
  ])('leads back after the code, as to %s', async (returnTo, location) => {
    test = await createTestServer(often);
    const { nextCode } = await enrol(test, ada);
    const query = `?return_to=${encodeURIComponent(returnTo)}`;
    const { body } = await send(`/login${query}`, ada);
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(body) ?? [];
    const [, second_factor_token = ''] = /name="second_factor_token" value="([\w-]+)"/.exec(body) ?? [];
    const done = await send(`/${action}`, { second_factor_token, code: nextCode() });
    expect([done.statusCode, done.headers.location]).toEqual([303, location]);
  });

  it('says beside the field what is wrong with a code, and never shows it again', async () => {
    test = await createTestServer(often);
    const { nextCode, recoveryCodes } = await enrol(test, ada);
    const second_factor_token = await askForCode();
    const code = nextCode();
    expect((await send('/login/code', { second_factor_token: await askForCode(), code })).statusCode).toBe(303);
    for (const [typed, problem] of [
      ['654321', 'This code is not right.'],
      [code, 'This code was used already. Wait for the next one.'],
      ['', 'Enter the code.'],
    ] as const) {
      const { statusCode, body } = await send('/login/code', { second_factor_token, code: typed });
      expect([typed, statusCode]).toEqual([typed, typed === '' ? 400 : 401]);
      expect(body).toContain(`<p class="wrong" id="code-problem">${problem}</p>`);
      expect(body).toContain('<form method="post" action="../login/code" novalidate>');
      expect(body).toContain(`value="${second_factor_token}"`);
      if (typed !== '') expect(body).not.toContain(`"${typed}"`);
    }
    expect((await send('/login/code', { second_factor_token, code: recoveryCodes[0] ?? '' })).statusCode).toBe(303);
  });

  it('says that the clock is off, where the code is of another time', async () => {
    test = await createTestServer(often);
    const cookie = await logIn();
    await send('/account/totp', { password: ada.password }, cookie);
    const secret = secretIn((await get('/account/totp/code', cookie)).body);
    const code = totpCode(secret, test.auth.clock.now() - 5 * 60_000);
    const { body } = await send('/account/totp/code', { code }, cookie);
    expect(body).toContain('This code is of another time. Check the clock of your phone.');
  });

  it('waits for the code until just before five minutes, and then begins again', async () => {
    test = await createTestServer(often);
    const { recoveryCodes } = await enrol(test, ada);
    const waiting = await askForCode();
    const late = await askForCode();
    test.auth.clock.advance(299_999);
    const inTime = await send('/login/code', { second_factor_token: waiting, code: recoveryCodes[0] ?? '' });
    expect(inTime.statusCode).toBe(303);
    test.auth.clock.advance(1);
    const { statusCode, body } = await send('/login/code', { second_factor_token: late, code: recoveryCodes[1] ?? '' });
    expect(statusCode).toBe(401);
    expect(body).toContain('This login took too long, or had too many wrong codes. Log in again.');
    expect(body).toContain('<form method="post" action="../login" novalidate>');
    expect(body).not.toContain(late);
  });

  it('begins again where a form brings no token', async () => {
    test = await createTestServer(often);
    const { statusCode, body } = await send('/login/code', { code: '123456' });
    expect(statusCode).toBe(400);
    expect(body).toContain('<form method="post" action="../login" novalidate>');
  });
});

describe('the account page', () => {
  it('turns a second factor on, and shows its recovery codes once', async () => {
    test = await createTestServer(often, {}, { productName: 'Analytical Engines' });
    const cookie = await logIn();
    expect((await get('/account', cookie)).body).toContain('Off. Your password alone logs you in.');
    const begun = await send('/account/totp', { password: ada.password }, cookie);
    expect([begun.statusCode, begun.headers.location]).toEqual([303, 'totp/code']);
    const [first, again] = [await get('/account/totp/code', cookie), await get('/account/totp/code', cookie)];
    expect(again.body).toBe(first.body);
    expect(first.body).toContain('<svg viewBox="0 0 ');
    const secret = secretIn(first.body);
    expect(first.body).toContain(`otpauth://totp/Analytical%20Engines:ada%40example.com?secret=${secret}&amp;issuer=`);
    const code = totpCode(secret, test.auth.clock.now());
    const enabled = await send('/account/totp/code', { code }, cookie);
    expect([enabled.statusCode, enabled.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(codesIn(enabled.body)).toHaveLength(10);
    const renewed = cookieIn(enabled);
    expect(renewed).not.toBe(cookie);
    const { body } = await get('/account', renewed);
    expect(body).toContain('On since January 1, 2030');
    expect(body).toContain('10 left');
    expect(body).not.toContain(secret);
    for (const page of ['/account/totp', '/account/totp/code']) {
      expect((await get(page, renewed)).headers.location).toMatch(/^(\.\.\/)+account$/);
    }
  });

  it('keeps a pending secret to the session that began it', async () => {
    test = await createTestServer(often);
    const [cookie, other] = [await logIn(), await logIn()];
    await send('/account/totp', { password: ada.password }, cookie);
    for (const shown of [
      await get('/account/totp/code', other),
      await send('/account/totp/code', { code: '123456' }, other),
    ])
      expect([shown.statusCode, shown.headers.location]).toEqual([303, '../totp']);
  });

  it('leads to the reset that proves an address, where mails are sent', async () => {
    test = await createTestServer({ ...often, sendsMail: true });
    const cookie = await logIn();
    expect((await get('/account/totp', cookie)).body).toContain('<a href="../reset?email=ada%40example.com">');
    const { statusCode, body } = await send('/account/totp', { password: ada.password }, cookie);
    expect(statusCode).toBe(403);
    expect(body).toContain('Confirm your email first');
  });

  it('warns when three recovery codes are left, and makes new ones', async () => {
    test = await createTestServer(often);
    const { cookie, recoveryCodes, nextCode } = await enrol(test, ada);
    const use = async (code: string) => send('/login/code', { second_factor_token: await askForCode(), code });
    for (const code of recoveryCodes.slice(0, 6)) await use(code);
    expect((await get('/account', cookie)).body).toContain('<p>4 left</p>');
    await use(recoveryCodes[6] ?? '');
    expect((await get('/account', cookie)).body).toContain('<p class="low">Only 3 left. Make new ones soon.</p>');
    const renewed = await send('/account/recovery-codes', { password: ada.password, code: nextCode() }, cookie);
    expect(renewed.statusCode).toBe(200);
    expect(codesIn(renewed.body)).toHaveLength(10);
    expect((await use(recoveryCodes[7] ?? '')).statusCode).toBe(401);
    expect((await use(codesIn(renewed.body)[0] ?? '')).statusCode).toBe(303);
  });

  it('turns it off by password and code', async () => {
    test = await createTestServer(often);
    const { cookie, nextCode } = await enrol(test, ada);
    const refused = await send('/account/totp/disable', { password: 'wrong', code: nextCode() }, cookie);
    expect(refused.body).toContain('This is not your password.');
    const off = await send('/account/totp/disable', { password: ada.password, code: nextCode() }, cookie);
    expect([off.statusCode, off.headers.location]).toEqual([303, '../../account?done=factor-off']);
    for (const page of ['/account/totp/disable', '/account/recovery-codes']) {
      expect((await get(page, cookie)).headers.location).toMatch(/^(\.\.\/)+account$/);
      const sent = await send(page, { password: ada.password, code: nextCode() }, cookie);
      expect([sent.statusCode, sent.headers.location]).toEqual([303, expect.stringMatching(/^(\.\.\/)+account$/)]);
    }
  });

  it.each(['/account/totp', '/account/totp/code', '/account/totp/disable', '/account/recovery-codes'])(
    'leads to the login first: %s',
    async (page) => {
      test = await createTestServer(often);
      const { statusCode, headers } = await get(page);
      const login = new URL(String(headers.location), `http://x${page}`);
      expect([statusCode, login.pathname, login.searchParams.get('return_to')]).toEqual([303, '/login', page.slice(1)]);
      expect((await send(page, { password: ada.password, code: '123456' })).statusCode).toBe(403);
    },
  );
});

describe('the proof of a new address', () => {
  it('asks for the code once the account is known to have a factor, by HTTP and by page', async () => {
    test = await createTestServer(often);
    const { cookie, nextCode } = await enrol(test, ada);
    Object.assign(test.auth.policy, { emailVerification: 'required', sendsMail: true });
    const fields = { password: ada.password, new_email: 'countess@example.com', code: nextCode() };
    await send('/account/email', fields, cookie);
    const mails = await sendMails(test.auth);
    const token = mails.flatMap((mail) => ('token' in mail ? [mail.token] : []))[0] ?? '';
    const proof = { email: 'countess@example.com', verification_token: token, password: ada.password };
    const byHttp = await test.server.inject({ ...json(proof, '/email_verification'), method: 'PUT' });
    expect([byHttp.statusCode, byHttp.json().code]).toEqual([401, 'second_factor_required']);
    const asked = await send('/verify?for=email_change', proof);
    expect(asked.statusCode).toBe(401);
    expect(asked.body).toContain('Your account has a second factor. Enter a code too.');
    expect(asked.body).toContain(`<input type="hidden" name="verification_token" value="${token}">`);
    const wrong = await send('/verify?for=email_change', { ...proof, code: '654321' });
    expect(wrong.body).toContain('<p class="wrong" id="code-problem">This code is not right.</p>');
    const proven = await send('/verify?for=email_change', { ...proof, code: nextCode() });
    expect([proven.statusCode, proven.headers.location]).toEqual([303, 'login?done=email-verified']);
  });
});

describe('a change on the account page', () => {
  const changes: readonly [page: string, fields: Fields][] = [
    ['/account/email', { password: ada.password, new_email: 'countess@example.com' }],
    ['/account/password', { current_password: ada.password, new_password: 'staple after staple' }],
    ['/account/delete', { password: ada.password }],
  ];

  it.each(changes)('asks for the code of an account with a factor: %s', async (page, fields) => {
    test = await createTestServer(often);
    const plain = await logIn();
    expect((await get(page, plain)).body).not.toContain('name="code"');
    const { cookie, nextCode } = await enrol(test, ada);
    expect((await get(page, cookie)).body).toContain('name="code" type="text" autocomplete="one-time-code"');
    const missing = await send(page, { ...fields, code: '' }, cookie);
    expect(missing.body).toContain('<p class="wrong" id="code-problem">Enter the code.</p>');
    const wrong = await send(page, { ...fields, code: '654321' }, cookie);
    expect(wrong.body).toContain('<p class="wrong" id="code-problem">This code is not right.</p>');
    expect(wrong.body).not.toContain('654321');
    expect((await send(page, { ...fields, code: nextCode() }, cookie)).statusCode).toBe(303);
  });
});
