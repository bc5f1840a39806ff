import { sendMails } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, invalid, JSON_TYPE, json, post, refused } from '../testing/requests.ts';
import { enrol } from '../testing/second-factor.ts';
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
  locked_at: null,
  second_factor_at: null,
  ...changed,
});
const listed = (email: string, changed: object = {}) => ({ ...user(email), last_login_at: null, ...changed });
const get = async (url: string) => answer(await control.server.inject({ method: 'GET', url }));
const change = async (name: string, body: unknown) => answer(await control.server.inject(json(body, `/users/${name}`)));
const logIn = async ({ email, password }: typeof ada) =>
  answer(await test.server.inject(json({ email, password }, '/sessions')));
const wrong = refused(401, 'invalid_credentials', 'wrong email or password');

describe('GET /users', () => {
  it('lists accounts by their email, a page at a time', async () => {
    expect(await get('/users')).toEqual({
      status: 200,
      body: { users: [listed(ada.email), listed(bob.email)], next: null },
    });
    expect(await get('/users?limit=1')).toEqual({ status: 200, body: { users: [listed(ada.email)], next: ada.email } });
    expect(await get(`/users?limit=1&after=${ada.email}`)).toEqual({
      status: 200,
      body: { users: [listed(bob.email)], next: null },
    });
  });

  it('finds part of an email, in any case, and takes no character for a joker', async () => {
    expect((await get('/users?search=BOB@')).body).toEqual({ users: [listed(bob.email)], next: null });
    for (const search of ['%25', '_', '%5C', "'%20or%201=1--"]) {
      expect((await get(`/users?search=${search}`)).body).toEqual({ users: [], next: null });
    }
  });

  it('finds accounts by role and verification, and says when each last logged in', async () => {
    await change('set', { email: ada.email, role: 'admin' });
    await change('verify', { email: bob.email });
    await logIn(bob);
    const emails = async (query: string) => {
      const { users } = (await get(`/users?${query}`)).body as { users: { email: string }[] };
      return users.map(({ email }) => email);
    };
    expect(await emails('role=admin')).toEqual([ada.email]);
    expect(await emails('verified=true')).toEqual([bob.email]);
    expect(await emails('verified=false&role=user')).toEqual([]);
    expect((await get('/users?verified=true')).body).toMatchObject({ users: [{ last_login_at: LATER }] });
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
      'verified=yes',
      'x=1',
    ]) {
      expect([query, (await get(`/users?${query}`)).status]).toEqual([query, 400]);
    }
  });
});

describe('GET /users/show', () => {
  it('shows an account with its open sessions and known devices', async () => {
    await logIn(ada);
    await logIn(bob);
    expect(await get('/users/show?email=ADA@example.com')).toEqual({
      status: 200,
      body: {
        ...listed(ada.email, { last_login_at: LATER }),
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
        devices: [
          {
            id: uuid,
            created_at: LATER,
            last_login_at: LATER,
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
    expect((await get('/users?search=ada')).body).toEqual({
      users: [{ ...disabled, last_login_at: null }],
      next: null,
    });
    expect(await logIn(ada)).toEqual(wrong);
    expect((await logIn(bob)).status).toBe(200);
    expect(await change('enable', { email: ada.email })).toEqual({ status: 200, body: user(ada.email) });
    expect((await logIn(ada)).status).toBe(200);
  });
});

describe('POST /users/delete', () => {
  it('deletes one account, whose email is free again', async () => {
    expect(await change('delete', { email: ada.email })).toEqual({ status: 200, body: user(ada.email) });
    expect((await get('/users')).body).toEqual({ users: [listed(bob.email)], next: null });
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

describe('POST /users/reset-mfa', () => {
  it('takes a second factor away, so that the password alone logs in', async () => {
    await enrol(test, ada);
    const { body } = await get('/users?search=ada');
    expect(body.users[0].second_factor_at).toBe(LATER);
    expect((await logIn(ada)).body.code).toBe('second_factor_required');
    expect(await change('reset-mfa', { email: ada.email })).toEqual({ status: 200, body: user(ada.email) });
    expect((await logIn(ada)).status).toBe(200);
    const none = refused(404, 'not_found', 'this account has no second factor');
    expect(await change('reset-mfa', { email: ada.email })).toEqual(none);
  });
});

describe('POST /users/unlock', () => {
  it('lets people log in to an account that its owner locked', async () => {
    await logIn(ada);
    Object.assign(test.auth.policy, { sendsMail: true });
    await change('verify', { email: ada.email });
    await test.server.inject({ ...json(ada, '/sessions'), remoteAddress: '192.0.2.7' });
    const [notice] = await sendMails(test.auth);
    const token = notice && 'token' in notice ? notice.token : '';
    expect(answer(await test.server.inject(json({ token }, '/not_me'))).status).toBe(200);
    const { body } = await get(`/users/show?email=${ada.email}`);
    expect(body).toMatchObject({ locked_at: LATER, sessions: [], devices: [] });
    expect(await logIn(ada)).toEqual(wrong);
    expect(await change('reset', { email: ada.email })).toMatchObject({
      status: 403,
      body: { message: 'the owner locked this account, and opens it with a reset by mail; or unlock it first' },
    });
    expect(await change('unlock', { email: ada.email })).toMatchObject({ status: 200, body: { locked_at: null } });
    expect((await logIn(ada)).status).toBe(200);
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

describe.each(['disable', 'enable', 'delete', 'revoke', 'unlock', 'reset', 'reset-mfa'])('POST /users/%s', (name) => {
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

describe('POST /users/invite', () => {
  const token = expect.stringMatching(/^[\da-f-]{36}$/);

  it('answers with the token and its link where no mail is sent', async () => {
    const { status, body } = await change('invite', { email: 'eve@example.com', role: 'editor' });
    expect([status, body]).toEqual([
      200,
      {
        email: 'eve@example.com',
        role: 'editor',
        invitation_token: token,
        link: expect.stringMatching(
          /^http:\/\/127\.0\.0\.1:4100\/invitation\?email=eve%40example\.com&token=[\da-f-]{36}$/,
        ),
        expires_at: '2030-01-08T00:01:00.000Z',
      },
    ]);
  });

  it('owes a mail where mails are sent, and wakes who sends it', async () => {
    let woken = 0;
    const policy = { ...test.auth.policy, sendsMail: true };
    const mailOwed = () => {
      woken += 1;
    };
    const mailing = await createTestControlServer({ policy, mailOwed }, test.auth);
    const response = await mailing.server.inject(json({ email: 'eve@example.com' }, '/users/invite'));
    expect(answer(response)).toEqual({
      status: 200,
      body: { email: 'eve@example.com', role: 'user', invitation_token: null, link: null, expires_at: null },
    });
    expect(woken).toBe(1);
    expect(await test.auth.database.read('mails')).toMatchObject([{ kind: 'invitation', email: 'eve@example.com' }]);
    await mailing.close();
  });

  it('refuses an address that has an account, what is no role, and all while registration is closed', async () => {
    expect(await change('invite', { email: ada.email })).toMatchObject({ status: 400, body: { code: 'email_taken' } });
    expect(await change('invite', { email: 'eve@example.com', role: 'No' })).toMatchObject({ status: 400 });
    const policy = { ...test.auth.policy, registration: 'closed' } as const;
    const closed = await createTestControlServer({ policy }, test.auth);
    const response = await closed.server.inject(json({ email: 'eve@example.com' }, '/users/invite'));
    expect(answer(response)).toMatchObject({ status: 403, body: { code: 'registration_closed' } });
    await closed.close();
  });
});
