import { AuthError, changeEmail, disableUser, revokeSessions, setRole, verifyUser } from '@authsvc/core';
import { localClient } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const uuid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
const refusal = { code: 'unauthenticated', message: 'log in first: there is no valid session' };

let test: TestServer;
let cookie: string;

beforeEach(async () => {
  test = await createTestServer();
  await test.server.inject(json(ada, '/users'));
  const response = await test.server.inject(json(ada, '/sessions'));
  cookie = String(response.headers['set-cookie']).split(';')[0] ?? '';
});

afterEach(() => test.close());

const ask = (headers: Record<string, string> = { cookie }) => test.server.inject({ url: '/whoami', headers });
const userOf = async () => (await ask()).json().user;

describe('GET /whoami', () => {
  it('says whose session it is', async () => {
    expect(answer(await ask())).toEqual({
      status: 200,
      body: {
        user: {
          id: uuid,
          email: 'ada@example.com',
          email_verified: false,
          role: 'user',
          created_at: '2030-01-01T00:00:00.000Z',
        },
        session: {
          id: uuid,
          created_at: '2030-01-01T00:00:00.000Z',
          expires_at: '2030-01-31T00:00:00.000Z',
          methods: ['password'],
        },
        token: null,
      },
    });
  });

  it('is kept by no cache, and depends on what says who asks', async () => {
    for (const response of [await ask(), await ask({})]) {
      expect(response.headers).toMatchObject({
        'cache-control': 'no-store',
        vary: 'Cookie, Authorization, Origin',
      });
    }
  });

  it.each([
    ['no cookie', {}],
    ['a cookie that was never issued', { cookie: 'session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ["another program's Authorization and no cookie", { authorization: 'Basic YWRhOnNlY3JldA==' }],
  ])('is 401 with a challenge for %s', async (_what, headers) => {
    const response = await ask(headers);
    expect(answer(response)).toEqual({ status: 401, body: refusal });
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it('is the same by HEAD, without the body', async () => {
    for (const headers of [{ cookie }, {}] as const) {
      const get = await ask(headers);
      const head = await test.server.inject({ method: 'HEAD', url: '/whoami', headers });
      expect([head.statusCode, head.headers, head.body]).toEqual([get.statusCode, get.headers, '']);
    }
  });

  it("ignores another program's Authorization beside a session", async () => {
    expect((await ask({ cookie, authorization: 'Basic YWRhOnNlY3JldA==' })).statusCode).toBe(200);
  });

  it('leaves a missing session 403 elsewhere', async () => {
    expect(answer(await test.server.inject({ url: '/profile' }))).toEqual({ status: 403, body: refusal });
  });

  it.each([
    ['revoked', () => revokeSessions(test.auth, ada.email)],
    ['disabled', () => disableUser(test.auth, ada.email)],
  ])('refuses the very next request of a user who is %s', async (_what, end) => {
    expect((await ask()).statusCode).toBe(200);
    await end();
    expect((await ask()).statusCode).toBe(401);
  });

  it('shows a new role and a verification to the very next request', async () => {
    const before = await userOf();
    await setRole(test.auth, ada.email, 'admin');
    expect(await userOf()).toEqual({ ...before, role: 'admin' });
    await verifyUser(test.auth, ada.email);
    expect(await userOf()).toEqual({ ...before, role: 'admin', email_verified: true });
  });

  it('keeps the id and takes the verification away when the email changes', async () => {
    await verifyUser(test.auth, ada.email);
    const before = await userOf();
    const session = await test.auth.sessions.find((await digestOf()) ?? '');
    if (!session) throw new Error('there is no session');
    const change = { session, client: localClient, password: ada.password, newEmail: 'countess@example.com' };
    await changeEmail(test.auth, change);
    expect(await userOf()).toEqual({ ...before, email: 'countess@example.com', email_verified: false });
  });

  it('is 503 when the database cannot be asked', async () => {
    const find = () => Promise.reject(new AuthError('database_unavailable'));
    const cut = await createTestServer({}, { sessions: { ...test.auth.sessions, find } });
    const response = await cut.server.inject({ url: '/whoami', headers: { cookie } });
    expect(answer(response)).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(response.headers).toMatchObject({
      'cache-control': 'no-store',
      vary: 'Cookie, Authorization, Origin',
      'retry-after': expect.stringMatching(/^\d+$/),
    });
    expect(response.headers).not.toHaveProperty('www-authenticate');
    await cut.close();
  });
});

async function digestOf(): Promise<string | undefined> {
  const [row] = await test.auth.database.read<{ token_digest: string }>('sessions');
  return row?.token_digest;
}
