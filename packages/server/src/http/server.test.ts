import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, encodings } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const credentials = { email: 'User@Example.com', password: 'secure_password' };
const COOKIE = /^session_id=([\w-]{43}); Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/;

const refusals = {
  emailTaken: { status: 400, body: { code: 'email_taken', message: 'email already registered' } },
  wrongCredentials: { status: 401, body: { code: 'invalid_credentials', message: 'wrong email or password' } },
  noSession: { status: 403, body: { code: 'unauthenticated', message: 'log in first: there is no valid session' } },
  unknownEmail: { status: 403, body: { code: 'unknown_email', message: 'no account has this email' } },
  badToken: {
    status: 403,
    body: { code: 'invalid_reset_token', message: 'this reset token is not valid, was used, or has expired' },
  },
};

describe.each(['json', 'form'] as const)('the endpoints, by %s', (encoding) => {
  let test: TestServer;

  beforeEach(async () => {
    test = await createTestServer();
  });
  afterEach(() => test.close());

  type Method = 'POST' | 'PUT';
  const send = (method: Method, url: string, fields: Record<string, string>) =>
    test.server.inject({ method, url, ...encodings[encoding](fields) });
  const withSession = (method: 'GET' | 'DELETE', url: string, token: string) =>
    test.server.inject({ method, url, headers: { cookie: `session_id=${token}` } });

  const register = (fields = credentials) => send('POST', '/users', fields);
  const logIn = async (fields = credentials) => tokenOf(await send('POST', '/sessions', fields));
  const requestReset = async () =>
    (await send('POST', '/reset_password', { email: credentials.email })).json().reset_token;

  function tokenOf(response: LightMyRequestResponse): string {
    const [, token = ''] = COOKIE.exec([response.headers['set-cookie']].flat()[0] ?? '') ?? [];
    return token;
  }

  it('POST /users registers, and answers with the address as it came', async () => {
    const response = await register();
    expect(answer(response)).toEqual({ status: 200, body: { email: 'User@Example.com', message: 'user created' } });
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('POST /users refuses an email that is taken, in whatever case', async () => {
    await register();
    expect(answer(await register({ ...credentials, email: 'USER@example.COM' }))).toEqual(refusals.emailTaken);
  });

  it('POST /sessions logs in, and gives the token in the cookie alone', async () => {
    await register();
    const response = await send('POST', '/sessions', { ...credentials, email: 'user@example.com' });
    expect(answer(response)).toEqual({ status: 200, body: { email: 'User@Example.com', message: 'logged in' } });
    expect(response.headers['set-cookie']).toEqual([
      expect.stringMatching(COOKIE),
      expect.stringMatching(/^authsvc_device=/),
    ]);
  });

  it('POST /sessions refuses an unknown email and a wrong password alike', async () => {
    await register();
    const unknown = await send('POST', '/sessions', { ...credentials, email: 'nobody@example.com' });
    const wrong = await send('POST', '/sessions', { ...credentials, password: 'wrong_password' });
    expect(answer(unknown)).toEqual(refusals.wrongCredentials);
    expect(answer(wrong)).toEqual(refusals.wrongCredentials);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });

  it('GET /profile tells the email of the session, and nothing else', async () => {
    await register();
    const token = await logIn();
    expect(answer(await withSession('GET', '/profile', token))).toEqual({
      status: 200,
      body: { email: 'User@Example.com' },
    });
  });

  it('HEAD /profile answers as GET does, without the body', async () => {
    await register();
    const headers = { cookie: `session_id=${await logIn()}` };
    const response = await test.server.inject({ method: 'HEAD', url: '/profile', headers });
    expect([response.statusCode, response.headers['content-length'], response.body]).toEqual([200, '28', '']);
  });

  it('GET /profile refuses without a session, with an unknown one, and once its lifetime is over', async () => {
    await register();
    const token = await logIn();
    expect(answer(await test.server.inject('/profile'))).toEqual(refusals.noSession);
    expect(answer(await withSession('GET', '/profile', `${token}x`))).toEqual(refusals.noSession);
    test.auth.clock.advance(604_800_000);
    expect(answer(await withSession('GET', '/profile', token))).toEqual(refusals.noSession);
  });

  it('DELETE /sessions ends the session at once, clears the cookie, and leaves other sessions be', async () => {
    await register();
    const [token, other] = [await logIn(), await logIn()];
    const response = await withSession('DELETE', '/sessions', token);
    expect(answer(response)).toEqual({ status: 200, body: { message: 'logged out' } });
    expect(response.headers['set-cookie']).toBe(
      'session_id=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    );
    expect(answer(await withSession('GET', '/profile', token))).toEqual(refusals.noSession);
    expect(answer(await withSession('DELETE', '/sessions', token))).toEqual(refusals.noSession);
    expect(answer(await withSession('GET', '/profile', other))).toEqual({
      status: 200,
      body: { email: 'User@Example.com' },
    });
  });

  it('POST /reset_password hands out a token', async () => {
    await register();
    const response = await send('POST', '/reset_password', { email: 'USER@example.com' });
    const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(answer(response)).toEqual({ status: 200, body: { email: 'User@Example.com', reset_token: uuid } });
  });

  it('POST /reset_password refuses an unknown email', async () => {
    expect(answer(await send('POST', '/reset_password', { email: 'nobody@example.com' }))).toEqual(
      refusals.unknownEmail,
    );
  });

  it('PUT /reset_password sets the password, ends every session, and uses the token up', async () => {
    await register();
    const session = await logIn();
    const fields = {
      email: 'user@example.com',
      reset_token: await requestReset(),
      new_password: 'new_secure_password',
    };
    const updated = { status: 200, body: { email: 'User@Example.com', message: 'password updated' } };
    expect(answer(await send('PUT', '/reset_password', fields))).toEqual(updated);
    expect(answer(await withSession('GET', '/profile', session))).toEqual(refusals.noSession);
    expect(answer(await send('POST', '/sessions', credentials))).toEqual(refusals.wrongCredentials);
    expect(await logIn({ ...credentials, password: 'new_secure_password' })).toHaveLength(43);
    expect(answer(await send('PUT', '/reset_password', fields))).toEqual(refusals.badToken);
  });

  it("PUT /reset_password refuses an unknown, an expired and another user's token alike", async () => {
    await register();
    await register({ ...credentials, email: 'other@example.com' });
    const token = await requestReset();
    const fields = { email: credentials.email, reset_token: token, new_password: 'new_secure_password' };
    const unknown = { ...fields, reset_token: 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44' };
    expect(answer(await send('PUT', '/reset_password', unknown))).toEqual(refusals.badToken);
    expect(answer(await send('PUT', '/reset_password', { ...fields, email: 'other@example.com' }))).toEqual(
      refusals.badToken,
    );
    test.auth.clock.advance(600_000);
    expect(answer(await send('PUT', '/reset_password', fields))).toEqual(refusals.badToken);
  });

  it('refuses a new password with the reason, and the token stays good', async () => {
    await register();
    const fields = { email: credentials.email, reset_token: await requestReset(), new_password: 'short' };
    const tooShort = {
      status: 400,
      body: { code: 'password_rejected', message: 'the password is too short: at least 8 characters' },
    };
    expect(answer(await send('POST', '/users', { email: 'a@example.com', password: 'short' }))).toEqual(tooShort);
    expect(answer(await send('PUT', '/reset_password', fields))).toEqual(tooShort);
    const good = await send('PUT', '/reset_password', { ...fields, new_password: 'new_secure_password' });
    expect(good.statusCode).toBe(200);
  });
});

describe('the endpoints, where a reset token travels otherwise', () => {
  it.each([
    ['smtp', 'reset instructions sent'],
    ['operator', 'ask the operator for a reset token'],
  ] as const)(
    'answers by %s the same whether or not there is an account, with the address as sent',
    async (resetDelivery, message) => {
      const test = await createTestServer({ resetDelivery });
      await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(credentials) });
      const request = (email: string) =>
        test.server.inject({ method: 'POST', url: '/reset_password', ...encodings.json({ email }) });
      for (const email of ['user@example.COM', 'nobody@example.com']) {
        const body = { email, message };
        expect(answer(await request(email))).toEqual({ status: 200, body });
      }
      await test.close();
    },
  );
});

describe('what is said about the service', () => {
  let test: TestServer;

  beforeEach(async () => {
    test = await createTestServer();
  });
  afterEach(() => test.close());

  it('GET / says what this is and where its endpoints are, and not which version runs', async () => {
    expect(answer(await test.server.inject('/'))).toEqual({
      status: 200,
      body: {
        name: 'authsvc',
        description: 'Email and password accounts, sessions and password reset.',
        registration: 'open',
        email_verification: 'off',
        password_min_length: 8,
        pages: 'http://localhost',
        endpoints: {
          register: 'POST /users',
          request_verification: 'POST /email_verification',
          verify_email: 'PUT /email_verification',
          log_in: 'POST /sessions',
          log_in_with_code: 'POST /sessions/second_factor',
          log_out: 'DELETE /sessions',
          profile: 'GET /profile',
          whoami: 'GET /whoami',
          request_reset: 'POST /reset_password',
          reset: 'PUT /reset_password',
          sessions: 'GET /sessions',
          end_session: 'DELETE /sessions/:id',
          end_other_sessions: 'DELETE /sessions/others',
          change_password: 'PUT /profile/password',
          change_email: 'PUT /profile/email',
          delete_account: 'DELETE /profile',
          factors: 'GET /profile/factors',
          begin_totp: 'POST /profile/totp',
          enable_totp: 'PUT /profile/totp',
          disable_totp: 'DELETE /profile/totp',
          renew_recovery_codes: 'POST /profile/recovery_codes',
          devices: 'GET /profile/devices',
          end_device: 'DELETE /profile/devices/:id',
          not_me: 'POST /not_me',
          openapi: 'GET /openapi.json',
          health: 'GET /health',
          ready: 'GET /ready',
        },
      },
    });
  });

  it('GET /health answers as long as the process lives, GET /ready only with the database', async () => {
    expect(answer(await test.server.inject('/health'))).toEqual({ status: 200, body: { status: 'ok' } });
    expect(answer(await test.server.inject('/ready'))).toEqual({ status: 200, body: { status: 'ready' } });

    await test.auth.database.write('migrations').delete();
    const notReady = await test.server.inject('/ready');
    const body = { code: 'database_unavailable', message: 'the database is not migrated' };
    expect(answer(notReady)).toEqual({ status: 503, body });
    expect(notReady.headers['retry-after']).toBe('1');
    expect(answer(await test.server.inject('/health'))).toEqual({ status: 200, body: { status: 'ok' } });
  });
});
