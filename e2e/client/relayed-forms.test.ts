import { createServer, request as httpRequest } from 'node:http';
import { ApiRefusal, type Authsvc, createAuthsvc } from '@authsvc/client';
import { createTestUser, type TestUser } from '@authsvc/client/testing';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { authenticatorObstacle, enrol } from '../support/authenticator.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startServer } from './applications.ts';

const publicUrl = 'http://localhost:8080/auth';
const ownPage = { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' };

let folder: TemporaryFolder;
let daemon: Daemon;
let authsvc: Authsvc;
let ada: TestUser;
/** A backend with forms of its own. */
let backend: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  const settings = { AUTHSVC_PUBLIC_URL: publicUrl, AUTHSVC_RESET_DELIVERY: 'operator' };
  daemon = await startDaemon({ home: folder.path, settings });
  authsvc = createAuthsvc({ url: daemon.url, publicUrl });
  ada = await createTestUser({ url: daemon.url });
  backend = await startServer(createServer(createBackend()));
});
afterAll(async () => {
  await backend?.stop();
  await daemon?.stop();
  await folder.remove();
});

function createBackend() {
  const app = express();
  app.use(express.urlencoded());
  app.post('/register', async (request, response) => {
    const { body } = await authsvc.register(request, request.body);
    response.json(body);
  });
  app.post('/login', async (request, response) => {
    const { body, setCookie, codeNeeded } = await authsvc.logIn(request, request.body);
    response.append('set-cookie', setCookie).json(codeNeeded ?? body);
  });
  app.post('/login/code', async (request, response) => {
    const { body, setCookie } = await authsvc.logInWithCode(request, request.body);
    response.append('set-cookie', setCookie).json(body);
  });
  app.post('/logout', async (request, response) => {
    const { body, setCookie } = await authsvc.logOut(request);
    response.append('set-cookie', setCookie).json(body);
  });
  app.get('/me', async (request, response) => {
    response.json((await authsvc.whoami(request))?.user.email ?? null);
  });
  app.use(((error, _request, response, _next) => {
    const { statusCode, code } = error as ApiRefusal;
    response.status(statusCode).json({ code });
  }) as express.ErrorRequestHandler);
  return app;
}

const from = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  headers,
  socket: { remoteAddress },
});

const codeOf = (attempt: PromiseSettledResult<unknown>) =>
  attempt.status === 'rejected' && attempt.reason instanceof ApiRefusal ? attempt.reason.code : attempt.status;

describe('the forms of a backend', () => {
  it('take a person from register to log out', async () => {
    const form = { email: 'relayed@example.com', password: 'correct horse battery' };
    const registered = await send(backend.url, 'POST /register', { form, headers: ownPage });
    expect(registered.body).toEqual({ email: form.email, message: 'user created' });
    const loggedIn = await send(backend.url, 'POST /login', { form, headers: ownPage });
    expect(loggedIn.body).toEqual({ email: form.email, message: 'logged in' });
    expect(loggedIn.headers['set-cookie']).toEqual([
      expect.stringMatching(/^session_id=\S+; Max-Age=.*HttpOnly/),
      expect.stringMatching(/^authsvc_device=\S+; Max-Age=1555\d{4}; .*HttpOnly/),
    ]);
    const { session } = loggedIn;
    expect((await send(backend.url, 'GET /me', { session })).body).toBe(form.email);
    const loggedOut = await send(backend.url, 'POST /logout', { session, headers: ownPage });
    expect(loggedOut.session).toBe('');
    expect((await send(backend.url, 'GET /me', { session })).body).toBeNull();
  });

  it.skipIf(authenticatorObstacle)(
    'ask for the code of an account with a second factor, and log in by it',
    async () => {
      const form = { email: 'factor@example.com', password: 'correct horse battery' };
      const { recoveryCodes } = await enrol(daemon.url, form);
      const asked = await send(backend.url, 'POST /login', { form, headers: ownPage });
      expect([asked.status, asked.cookies]).toEqual([200, []]);
      expect(asked.body).toMatchObject({ methods: ['totp', 'recovery_code'] });
      const { secondFactorToken } = asked.body as { secondFactorToken: string };
      const sendCode = (code: string) =>
        send(backend.url, 'POST /login/code', { form: { secondFactorToken, code }, headers: ownPage });
      expect(await sendCode('654321')).toMatchObject({ status: 401, code: 'invalid_code', cookies: [] });
      const loggedIn = await sendCode(recoveryCodes[0] ?? '');
      expect(loggedIn.body).toEqual({ email: form.email, message: 'logged in' });
      expect((await send(backend.url, 'GET /me', { session: loggedIn.session })).body).toBe(form.email);
    },
  );

  it('bring back the cookie by which an account knows a browser', async () => {
    const form = { email: ada.email, password: ada.password };
    const first = await send(backend.url, 'POST /login', { form, headers: ownPage });
    const [device = ''] = first.cookies.filter((cookie) => cookie.startsWith('authsvc_device='));
    const again = await send(backend.url, 'POST /login', { form, headers: { ...ownPage, cookie: device } });
    expect(again.cookies).toContain(device);
  });

  it('answer with the status of the refusal', async () => {
    const wrong = { form: { email: ada.email, password: 'wrong' }, from: '127.0.0.40' };
    expect(await send(backend.url, 'POST /login', wrong)).toMatchObject({ status: 401, code: 'invalid_credentials' });
  });

  it.each([
    ['no session', {}],
    ['a session that has ended', { session: 'x'.repeat(43) }],
  ])('log out a person with %s without an error, as after a second click', async (_what, sent) => {
    const answer = await send(backend.url, 'POST /logout', { ...sent, headers: ownPage });
    expect(answer).toMatchObject({ status: 200, body: {}, cookies: [] });
  });

  it('log no person out for a foreign page', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect(await send(backend.url, 'POST /logout', { headers })).toMatchObject({ status: 403, code: 'cross_origin' });
  });

  it.each([
    ['says so', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['is of an older browser', { origin: 'https://evil.example' }],
    ['is on a sibling subdomain', { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost:8080' }],
    ['hides its origin', { origin: 'null' }],
  ])('log no user in for a foreign page that %s', async (_what, headers) => {
    const form = { email: ada.email, password: ada.password };
    const answer = await send(backend.url, 'POST /login', { form, headers });
    expect(answer).toMatchObject({ status: 403, code: 'cross_origin', cookies: [] });
  });

  it('let 14 people log in within a minute', async () => {
    const people = await Promise.all(
      Array.from({ length: 14 }, async (_, index) => {
        const form = { email: ada.email, password: ada.password };
        return await send(backend.url, 'POST /login', { form, headers: ownPage, from: `127.0.1.${index + 1}` });
      }),
    );
    expect(people.map(({ status }) => status)).toEqual(people.map(() => 200));
    expect(new Set(people.map(({ session }) => session)).size).toBe(14);
  });
});

describe('the address that the service counts by', () => {
  it('is that of each person, and one who tries too often keeps no other user out', async () => {
    const guesses = await Promise.allSettled(
      Array.from({ length: 14 }, () =>
        authsvc.logIn(from('203.0.113.7'), { email: 'x@example.com', password: 'guess' }),
      ),
    );
    expect(guesses.map(codeOf)).toContain('rate_limited');
    await expect(authsvc.logIn(from('203.0.113.8'), ada)).resolves.toBeDefined();
  });

  it('is not the one that a stranger claims', async () => {
    const guesses = await Promise.allSettled(
      Array.from({ length: 14 }, (_, index) =>
        authsvc.logIn(from('203.0.113.9', { 'x-forwarded-for': `198.18.0.${index}` }), {
          email: 'y@example.com',
          password: 'guess',
        }),
      ),
    );
    expect(guesses.map(codeOf)).toContain('rate_limited');
  });

  it('is that of the peer where a web Request says none', async () => {
    const request = new Request('http://localhost:8080/login', { method: 'POST' });
    const logins = await Promise.allSettled(
      Array.from({ length: 14 }, (_, index) => authsvc.logIn(request, ada, { peer: `203.0.114.${index}` })),
    );
    expect(new Set(logins.map(codeOf))).toEqual(new Set(['fulfilled']));
  });

  it('is asked for where a web Request says none', async () => {
    const request = new Request('http://localhost:8080/login', { headers: { 'x-forwarded-for': '198.18.0.1' } });
    await expect(authsvc.logIn(request, ada)).rejects.toThrow(/pass \{ peer \}/);
    await expect(authsvc.logIn(request, ada, { peer: '198.18.0.1, 127.0.0.1' })).rejects.toThrow(/one IP address/);
  });
});

describe('a form whose sender has gone', () => {
  it('is not relayed, since nothing is left of the sender but what it claims', async () => {
    let settle: (value: unknown) => void;
    const outcome = new Promise<unknown>((resolve) => {
      settle = resolve;
    });
    const { url, stop } = await startServer(
      createServer((request, response) => {
        response.on('close', () => authsvc.logIn(request, ada).then(settle, settle));
        leaving.destroy();
      }),
    );
    onTestFinished(stop);
    const leaving = httpRequest(url, { method: 'POST', headers: { 'x-forwarded-for': '198.18.0.1' } });
    leaving.on('error', () => undefined).end();
    expect(await outcome).toMatchObject({ name: 'AuthsvcError', message: expect.stringContaining('closed') });
  });
});

describe('a relayed reset', () => {
  it('says what the service says, and what is wrong with which field', async () => {
    const { body } = await authsvc.requestReset(from('192.0.2.30'), { email: ada.email });
    expect(body).toEqual({ email: ada.email, message: 'ask the operator for a reset token' });
    const reset = { email: ada.email, resetToken: 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', newPassword: '' };
    await expect(authsvc.resetPassword(from('192.0.2.30'), reset)).rejects.toMatchObject({
      statusCode: 400,
      code: 'invalid_request',
      errors: [{ field: 'new_password', message: expect.any(String) }],
    });
    const other = { ...reset, newPassword: 'another horse battery' };
    await expect(authsvc.resetPassword(from('192.0.2.30'), other)).rejects.toMatchObject({
      code: 'invalid_reset_token',
    });
  });
});
