import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, JSON_TYPE, json, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const bob = { email: 'bob@example.com', password: 'staple after staple' };
const newPassword = 'another fine password';
const noSession = refused(403, 'unauthenticated', 'log in first: there is no valid session');

let test: TestServer;

beforeEach(async () => {
  test = await createTestServer();
  for (const person of [ada, bob]) await test.server.inject(json(person, '/users'));
});

afterEach(() => test.close());

async function logIn(person: { email: string; password: string }): Promise<string> {
  const response = await test.server.inject(json(person, '/sessions'));
  return String(response.headers['set-cookie']).split(';')[0] ?? '';
}

async function send(method: 'GET' | 'PUT' | 'DELETE', url: string, cookie: string | undefined, body?: object) {
  const headers = { ...(cookie && { cookie }), ...(body && JSON_TYPE) };
  const payload = body && JSON.stringify(body);
  return test.server.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
}

const isOpen = async (cookie: string) => (await send('GET', '/profile', cookie)).statusCode === 200;

interface Listed {
  id: string;
  current: boolean;
}

async function listedSessions(cookie: string): Promise<Listed[]> {
  return (await send('GET', '/sessions', cookie)).json<{ sessions: Listed[] }>().sessions;
}

describe('GET /sessions', () => {
  it('lists the sessions of the requester, and of no one else', async () => {
    const [first] = [await logIn(ada), await logIn(bob)];
    test.auth.clock.advance(60_000);
    await logIn(ada);
    const response = await send('GET', '/sessions', first);
    const uuid = expect.stringMatching(/^[\da-f-]{36}$/);
    const common = { id: uuid, address: '127.0.0.1', user_agent: 'lightMyRequest' };
    expect(answer(response)).toEqual({
      status: 200,
      body: {
        sessions: expect.arrayContaining([
          {
            ...common,
            created_at: '2030-01-01T00:00:00.000Z',
            last_used_at: '2030-01-01T00:01:00.000Z',
            current: true,
          },
          {
            ...common,
            created_at: '2030-01-01T00:01:00.000Z',
            last_used_at: '2030-01-01T00:01:00.000Z',
            current: false,
          },
        ]),
      },
    });
    expect(response.json().sessions).toHaveLength(2);
  });

  it('refuses a request without a session', async () => {
    expect(answer(await send('GET', '/sessions', undefined))).toEqual(noSession);
  });
});

describe('DELETE /sessions/:id', () => {
  it('ends a session at once', async () => {
    const [here, elsewhere] = [await logIn(ada), await logIn(ada)];
    const other = (await listedSessions(here)).find(({ current }) => !current);
    const response = await send('DELETE', `/sessions/${other?.id}`, here);
    expect(answer(response)).toEqual({ status: 200, body: { message: 'session ended' } });
    expect(await isOpen(elsewhere)).toBe(false);
    expect(await isOpen(here)).toBe(true);
  });

  it('clears the cookie of the session that asks, when it ends itself, in upper case and with a blank after it', async () => {
    const here = await logIn(ada);
    const [own] = await listedSessions(here);
    const response = await send('DELETE', `/sessions/${own?.id.toUpperCase()}%C2%A0`, here);
    expect(response.headers['set-cookie']).toContain('session_id=;');
    expect(await isOpen(here)).toBe(false);
  });

  it('knows no session of another user', async () => {
    const [here, theirs] = [await logIn(ada), await logIn(bob)];
    const [session] = await listedSessions(theirs);
    const response = await send('DELETE', `/sessions/${session?.id}`, here);
    expect(answer(response)).toEqual(refused(404, 'not_found', 'no such session'));
    expect(await isOpen(theirs)).toBe(true);
  });
});

describe('DELETE /sessions/others', () => {
  it('ends every session but the one that asks', async () => {
    const [here, first, second, theirs] = [await logIn(ada), await logIn(ada), await logIn(ada), await logIn(bob)];
    const response = await send('DELETE', '/sessions/others', here);
    expect(answer(response)).toEqual({ status: 200, body: { message: 'other sessions ended', ended: 2 } });
    expect(await Promise.all([here, first, second, theirs].map(isOpen))).toEqual([true, false, false, true]);
  });
});

describe('too many sessions ended in a minute', () => {
  it.each(['others', 'id'])('are refused, and stay open: DELETE /sessions/%s', async (named) => {
    const here = await logIn(ada);
    for (let count = 0; count < 60; count += 1) {
      await logIn(ada);
      await send('DELETE', '/sessions/others', here);
    }
    const last = await logIn(ada);
    const id = (await listedSessions(here)).find(({ current }) => !current)?.id;
    const response = await send('DELETE', `/sessions/${named === 'id' ? id : named}`, here);
    expect(answer(response)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(await isOpen(last)).toBe(true);
  });
});

describe('PUT /profile/password', () => {
  it('changes the password, and ends every other session', async () => {
    const [here, elsewhere] = [await logIn(ada), await logIn(ada)];
    const body = { current_password: ada.password, new_password: newPassword };
    const response = await send('PUT', '/profile/password', here, body);
    expect(answer(response)).toEqual({ status: 200, body: { email: ada.email, message: 'password changed' } });
    expect([await isOpen(here), await isOpen(elsewhere)]).toEqual([true, false]);
    expect((await test.server.inject(json(ada, '/sessions'))).statusCode).toBe(401);
    expect((await test.server.inject(json({ ...ada, password: newPassword }, '/sessions'))).statusCode).toBe(200);
  });

  it('refuses a wrong current password, and counts it', async () => {
    const here = await logIn(ada);
    const body = { current_password: 'not it at all', new_password: newPassword };
    const answers = [];
    for (let tries = 1; tries <= 6; tries += 1)
      answers.push(answer(await send('PUT', '/profile/password', here, body)));
    const wrong = refused(401, 'invalid_credentials', 'wrong password');
    const throttled = refused(429, 'rate_limited', 'too many attempts; try again in 1 s');
    expect(answers).toEqual([wrong, wrong, wrong, wrong, wrong, throttled]);
    expect(await isOpen(here)).toBe(true);
  });

  it('refuses a weak password', async () => {
    const body = { current_password: ada.password, new_password: 'short' };
    const response = await send('PUT', '/profile/password', await logIn(ada), body);
    expect(response.json()).toMatchObject({ code: 'password_rejected' });
  });
});

describe('PUT /profile/email', () => {
  it('changes the email, and keeps the sessions', async () => {
    const here = await logIn(ada);
    const body = { password: ada.password, new_email: 'Ada.King@example.com' };
    const response = await send('PUT', '/profile/email', here, body);
    expect(answer(response)).toEqual({
      status: 200,
      body: { email: 'Ada.King@example.com', message: 'email changed' },
    });
    expect((await send('GET', '/profile', here)).json()).toEqual({ email: 'Ada.King@example.com' });
    expect((await test.server.inject(json(ada, '/sessions'))).statusCode).toBe(401);
  });

  it('refuses an email that is taken, or is none', async () => {
    const here = await logIn(ada);
    const taken = await send('PUT', '/profile/email', here, { password: ada.password, new_email: 'BOB@example.com' });
    expect(answer(taken)).toEqual(refused(400, 'email_taken', 'email already registered'));
    const none = await send('PUT', '/profile/email', here, { password: ada.password, new_email: 'bob' });
    expect(none.json()).toMatchObject({ code: 'invalid_request', errors: [{ field: 'new_email' }] });
  });
});

describe('DELETE /profile', () => {
  it('deletes the account and its sessions, and frees the email', async () => {
    const here = await logIn(ada);
    const response = await send('DELETE', '/profile', here, { password: ada.password });
    expect(answer(response)).toEqual({ status: 200, body: { email: ada.email, message: 'account deleted' } });
    expect(response.headers['set-cookie']).toContain('session_id=;');
    expect(await isOpen(here)).toBe(false);
    expect((await test.server.inject(json(ada, '/users'))).statusCode).toBe(200);
    expect(await isOpen(here)).toBe(false);
  });

  it('asks for the password', async () => {
    const here = await logIn(ada);
    const wrong = await send('DELETE', '/profile', here, { password: 'not it at all' });
    expect(answer(wrong)).toEqual(refused(401, 'invalid_credentials', 'wrong password'));
    expect((await send('DELETE', '/profile', here)).statusCode).toBe(400);
    expect(await isOpen(here)).toBe(true);
  });
});
