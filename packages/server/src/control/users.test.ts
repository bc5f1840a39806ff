import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, invalid, JSON_TYPE, json, post, refused } from '../testing/requests.ts';
import { createTestControlServer, type TestControlServer } from '../testing/test-control-server.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const bob = { email: 'bob@example.com', password: 'staple after staple' };
const START = '2030-01-01T00:00:00.000Z';
const LATER = '2030-01-01T00:01:00.000Z';
const uuid = expect.stringMatching(/^[\da-f-]{36}$/);
const unknown = refused(403, 'unknown_email', 'no account has this email');

let test: TestServer;
let control: TestControlServer;

beforeEach(async () => {
  test = await createTestServer();
  control = await createTestControlServer({}, test.auth);
  for (const person of [ada, bob]) await test.server.inject(json(person, '/users'));
  test.auth.clock.advance(60_000);
});
afterEach(async () => {
  await control.close();
  await test.close();
});

const user = (email: string, changed: object = {}) => ({
  id: uuid,
  email,
  email_verified: false,
  role: 'user',
  created_at: START,
  updated_at: START,
  disabled_at: null,
  ...changed,
});
const get = async (url: string) => answer(await control.server.inject({ method: 'GET', url }));
const change = async (name: string, body: unknown) => answer(await control.server.inject(json(body, `/users/${name}`)));
const logIn = async ({ email, password }: typeof ada) =>
  answer(await test.server.inject(json({ email, password }, '/sessions')));
const wrong = refused(401, 'invalid_credentials', 'wrong email or password');

describe('GET /users', () => {
  it('lists accounts by their email, a page at a time', async () => {
    expect(await get('/users')).toEqual({
      status: 200,
      body: { users: [user(ada.email), user(bob.email)], next: null },
    });
    expect(await get('/users?limit=1')).toEqual({ status: 200, body: { users: [user(ada.email)], next: ada.email } });
    expect(await get(`/users?limit=1&after=${ada.email}`)).toEqual({
      status: 200,
      body: { users: [user(bob.email)], next: null },
    });
  });

  it('finds part of an email, in any case, and takes no character for a joker', async () => {
    expect((await get('/users?search=BOB@')).body).toEqual({ users: [user(bob.email)], next: null });
    for (const search of ['%25', '_', '%5C', "'%20or%201=1--"]) {
      expect((await get(`/users?search=${search}`)).body).toEqual({ users: [], next: null });
    }
  });

  it('refuses what is no page', async () => {
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=ten',
      'limit=-1',
      'limit=',
      'search=',
      'limit=1&limit=2',
      'x=1',
    ]) {
      expect([query, (await get(`/users?${query}`)).status]).toEqual([query, 400]);
    }
  });
});

describe('GET /users/show', () => {
  it('shows an account with its open sessions', async () => {
    await logIn(ada);
    await logIn(bob);
    expect(await get('/users/show?email=ADA@example.com')).toEqual({
      status: 200,
      body: {
        ...user(ada.email),
        password_cost: 10,
        sessions: [
          {
            id: uuid,
            created_at: LATER,
            last_used_at: LATER,
            expires_at: '2030-01-31T00:01:00.000Z',
            address: '127.0.0.1',
            user_agent: 'lightMyRequest',
          },
        ],
      },
    });
  });

  it('counts no session that has expired', async () => {
    await logIn(ada);
    test.auth.clock.advance(31 * 24 * 3_600_000);
    await logIn(ada);
    const { body } = await get(`/users/show?email=${ada.email}`);
    expect(body.sessions).toEqual([expect.objectContaining({ created_at: '2030-02-01T00:01:00.000Z' })]);
  });

  it('refuses who is not there, and what is no email', async () => {
    expect(await get('/users/show?email=nobody@example.com')).toEqual(unknown);
    expect(await get('/users/show?email=nobody')).toEqual(invalid(['email', 'must be an email address']));
    expect((await get('/users/show')).status).toBe(400);
  });
});

describe('POST /users/disable and /users/enable', () => {
  it('keep an account from logging in, as a wrong password does, and let it in again', async () => {
    const disabled = user(ada.email, { disabled_at: LATER });
    expect(await change('disable', { email: ada.email })).toEqual({ status: 200, body: disabled });
    expect((await get('/users?search=ada')).body).toEqual({ users: [disabled], next: null });
    expect(await logIn(ada)).toEqual(wrong);
    expect((await logIn(bob)).status).toBe(200);
    expect(await change('enable', { email: ada.email })).toEqual({ status: 200, body: user(ada.email) });
    expect((await logIn(ada)).status).toBe(200);
  });
});

describe('POST /users/delete', () => {
  it('deletes one account, whose email is free again', async () => {
    expect(await change('delete', { email: ada.email })).toEqual({ status: 200, body: user(ada.email) });
    expect((await get('/users')).body).toEqual({ users: [user(bob.email)], next: null });
    expect(await logIn(ada)).toEqual(wrong);
    expect((await test.server.inject(json(ada, '/users'))).statusCode).toBe(200);
  });
});

describe('POST /users/reset', () => {
  it('makes a reset token, whatever the delivery, that works once and for this account alone', async () => {
    const issued = await change('reset', { email: ada.email });
    const reset_token = expect.stringMatching(/^[\da-f-]{36}$/);
    const link = `http://127.0.0.1:4100/reset?email=ada%40example.com&token=${issued.body.reset_token}`;
    expect(issued).toEqual({
      status: 200,
      body: { email: ada.email, reset_token, link, expires_at: '2030-01-01T00:11:00.000Z' },
    });
    const put = async (email: string) => {
      const payload = JSON.stringify({ email, reset_token: issued.body.reset_token, new_password: 'a third password' });
      return (await test.server.inject({ method: 'PUT', url: '/reset_password', headers: JSON_TYPE, payload }))
        .statusCode;
    };
    expect([await put(bob.email), await put(ada.email), await put(ada.email)]).toEqual([403, 200, 403]);
    expect((await logIn({ ...ada, password: 'a third password' })).status).toBe(200);
  });
});

describe('POST /sessions/revoke-all', () => {
  it('says how many sessions it ended', async () => {
    for (const person of [ada, ada, bob]) await logIn(person);
    const revoke = async () => answer(await control.server.inject({ method: 'POST', url: '/sessions/revoke-all' }));
    expect(await revoke()).toEqual({ status: 200, body: { ended: 3 } });
    expect(await revoke()).toEqual({ status: 200, body: { ended: 0 } });
  });
});

describe.each(['disable', 'enable', 'delete', 'revoke', 'reset'])('POST /users/%s', (name) => {
  it('refuses who is not there, and changes no one else', async () => {
    const before = (await get('/users')).body;
    expect(await change(name, { email: 'nobody@example.com' })).toEqual(unknown);
    expect((await get('/users')).body).toEqual(before);
  });

  it.each([
    ['no email', {}],
    ['an email that is none', { email: 'nobody' }],
    ['an empty email', { email: '' }],
    ['an email that is no text', { email: ['ada@example.com'] }],
    ['a field too many', { email: ada.email, is_admin: true }],
    ['an email of two thousand characters', { email: `${'a'.repeat(2000)}@example.com` }],
    ['a list', [{ email: ada.email }]],
    ['null', null],
  ])('refuses %s', async (_what, body) => {
    expect(await change(name, body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(control.errors).toEqual([]);
  });

  it('refuses what is not JSON, too long, or another type', async () => {
    const url = `/users/${name}`;
    const status = async (payload: string, headers = JSON_TYPE) =>
      (await control.server.inject(post(payload, headers, url))).statusCode;
    expect(await status('{"email":')).toBe(400);
    expect(await status(JSON.stringify({ email: 'a'.repeat(2_000_000) }))).toBe(413);
    expect(await status(`email ${ada.email}`, { 'content-type': 'text/plain' })).toBe(415);
    expect(await status('{}', { 'content-type': 'application/x-ndjson' })).toBe(400);
    expect((await control.server.inject({ method: 'GET', url })).statusCode).toBe(405);
    expect(control.errors).toEqual([]);
  });
});
