import { type AuthPolicy, verifyUser } from '@authsvc/core';
import { sendMails } from '@authsvc/core/testing';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, json, refused } from '../testing/requests.ts';
import { cookieIn, enrol } from '../testing/second-factor.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const bob = { email: 'bob@example.com', password: 'staple after staple' };
const often = { registrationsPerMinute: 100, resetsPerMinute: 100 };
const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;
const invalidToken = refused(
  403,
  'invalid_not_me_token',
  'this link is not valid, was used, or is older than 72 hours',
);

let test: TestServer;
let woken = 0;
afterEach(() => test.close());

async function start(policy: Partial<AuthPolicy> = {}): Promise<void> {
  woken = 0;
  const mailOwed = () => {
    woken += 1;
  };
  test = await createTestServer({ sendsMail: true, ...often, ...policy }, {}, { mailOwed });
  for (const person of [ada, bob]) {
    await test.server.inject(json(person, '/users'));
    await verifyUser(test.auth, person.email);
  }
}

const inject = (request: InjectOptions, cookie?: string) =>
  test.server.inject({ ...request, headers: { ...request.headers, ...(cookie !== undefined && { cookie }) } });
const deviceIn = ({ headers }: LightMyRequestResponse) =>
  [headers['set-cookie'] ?? []].flat().find((cookie) => cookie.startsWith('authsvc_device='));
const valueIn = (cookie = '') => cookie.split(';', 1)[0] ?? '';
const logIn = (person: typeof ada, { address = '127.0.0.1', device = '' } = {}) =>
  inject({ ...json(person, '/sessions'), remoteAddress: address }, device);
const list = async (cookie: string) => answer(await inject({ url: '/profile/devices' }, cookie));
const forget = async (id: string, cookie: string) =>
  answer(await inject({ method: 'DELETE', url: `/profile/devices/${id}` }, cookie));
const sayNotMe = async (token: string) => answer(await inject(json({ token }, '/not_me')));

/** The token of a notice about a login from elsewhere. */
async function readNotice(person = ada, address = '192.0.2.7'): Promise<string> {
  await logIn(person);
  await logIn(person, { address });
  const notice = (await sendMails(test.auth)).find(({ to }) => to === person.email);
  return notice && 'token' in notice ? notice.token : '';
}

describe('the cookie of a known browser', () => {
  it('comes with a complete login, and stays the same one for 180 days from each', async () => {
    await start();
    const first = deviceIn(await logIn(ada));
    expect(first).toMatch(/^authsvc_device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Lax$/);
    test.auth.clock.advance(100 * DAY_SECONDS * 1000);
    expect(deviceIn(await logIn(ada, { device: valueIn(first) }))).toBe(first);
    test.auth.clock.advance(181 * DAY_SECONDS * 1000);
    expect(valueIn(deviceIn(await logIn(ada, { device: valueIn(first) })))).not.toBe(valueIn(first));
  });

  it('comes with no failed login, and with none that waits for a code', async () => {
    await start({ sendsMail: false });
    expect(deviceIn(await logIn({ ...ada, password: 'wrong' }))).toBeUndefined();
    const { nextCode } = await enrol(test, ada);
    const asked = await logIn(ada);
    expect([asked.statusCode, deviceIn(asked)]).toEqual([401, undefined]);
    const { second_factor_token } = asked.json();
    const entered = await inject(json({ second_factor_token, code: nextCode() }, '/sessions/second_factor'));
    expect(deviceIn(entered)).toMatch(/^authsvc_device=/);
  });

  it('is no session, and is left by a logout', async () => {
    await start();
    const loggedIn = await logIn(ada);
    const device = valueIn(deviceIn(loggedIn));
    for (const url of ['/profile', '/sessions', '/profile/devices']) {
      expect((await inject({ url }, device)).statusCode).toBe(403);
      expect((await inject({ url }, device.replace('authsvc_device', 'session_id'))).statusCode).toBe(403);
    }
    const left = await inject({ method: 'DELETE', url: '/sessions' }, `${device}; ${cookieIn(loggedIn)}`);
    expect([left.headers['set-cookie']].flat().join()).not.toContain('authsvc_device');
  });

  it('spares a notice from a new network, to this account alone', async () => {
    await start();
    const device = valueIn(deviceIn(await logIn(ada)));
    await logIn(bob);
    await logIn(ada, { address: '192.0.2.7', device });
    expect(await sendMails(test.auth)).toEqual([]);
    expect(woken).toBeGreaterThan(2);
    await logIn(bob, { address: '192.0.2.8', device });
    expect((await sendMails(test.auth)).map(({ kind, to }) => `${kind} ${to}`)).toEqual([`login_notice ${bob.email}`]);
  });

  it('lets its owner in past the guesses of strangers, and blocks itself alone', async () => {
    await start({ throttleLoopback: true });
    const device = valueIn(deviceIn(await logIn(ada, { address: '198.51.100.1' })));
    const guess = async (from: object) => (await logIn({ ...ada, password: 'wrong' }, from)).statusCode;
    for (let tries = 0; tries < 10; tries += 1) await guess({ address: '192.0.2.7' });
    expect((await logIn(ada, { address: '192.0.2.7' })).statusCode).toBe(429);
    expect((await logIn(ada, { address: '192.0.2.7', device })).statusCode).toBe(200);
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) statuses.push(await guess({ address: '203.0.113.1', device }));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await logIn(ada, { address: '198.51.100.1' })).statusCode).toBe(200);
    expect((await logIn(bob, { address: '203.0.113.1', device })).statusCode).toBe(200);
  });

  it('of another account changes no answer', async () => {
    await start();
    const device = valueIn(deviceIn(await logIn(ada)));
    for (const person of [{ ...bob, password: 'wrong' }, bob, { email: 'eve@example.com', password: 'wrong' }]) {
      const [without, withOne] = [await logIn(person), await logIn(person, { device })];
      expect([withOne.statusCode, withOne.body]).toEqual([without.statusCode, without.body]);
    }
  });
});

describe('/profile/devices', () => {
  it('lists the known browsers of an account, and says which one asks', async () => {
    await start();
    const elsewhere = await inject({ ...json(ada, '/sessions'), remoteAddress: '192.0.2.7' });
    test.auth.clock.advance(60_000);
    const here = await logIn(ada);
    const cookies = `${cookieIn(here)}; ${valueIn(deviceIn(here))}`;
    const device = (at: string, address: string, current: boolean) => ({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      created_at: at,
      last_login_at: at,
      address,
      user_agent: 'lightMyRequest',
      current,
    });
    expect(await list(cookies)).toEqual({
      status: 200,
      body: {
        devices: [
          device('2030-01-01T00:01:00.000Z', '127.0.0.1', true),
          device('2030-01-01T00:00:00.000Z', '192.0.2.7', false),
        ],
      },
    });
    expect((await list(cookieIn(elsewhere))).body.devices).toMatchObject([{ current: false }, { current: false }]);
  });

  it('forgets one, and leaves its session', async () => {
    await start();
    const here = cookieIn(await logIn(ada));
    const [{ id }] = (await list(here)).body.devices;
    expect(await forget(id, here)).toEqual({ status: 200, body: { message: 'device forgotten' } });
    expect(await list(here)).toEqual({ status: 200, body: { devices: [] } });
    expect(await forget(id, here)).toEqual(refused(404, 'not_found', 'no such device'));
  });

  it("treats another user's id like one that never was", async () => {
    await start();
    const [own, other] = [cookieIn(await logIn(ada)), cookieIn(await logIn(bob))];
    const [{ id }] = (await list(own)).body.devices;
    const none = refused(404, 'not_found', 'no such device');
    for (const one of [id, 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', 'x', "' OR 1=1--".replaceAll(' ', '%20')]) {
      expect(await forget(one, other)).toEqual(none);
    }
    expect((await forget('%00', other)).status).toBe(400);
    expect((await list(own)).body.devices).toHaveLength(1);
  });

  it('forgets every other with the end of all other sessions', async () => {
    await start();
    await logIn(ada);
    const here = await logIn(ada);
    const cookies = `${cookieIn(here)}; ${valueIn(deviceIn(here))}`;
    await inject({ method: 'DELETE', url: '/sessions/others' }, cookies);
    expect((await list(cookies)).body.devices).toMatchObject([{ current: true }]);
  });
});

describe('POST /not_me', () => {
  it('locks the account and ends all that is open, until a reset by mail', async () => {
    await start({ resetDelivery: 'smtp' });
    const token = await readNotice();
    const session = cookieIn(await logIn(ada));
    expect(await sayNotMe(token)).toEqual({ status: 200, body: { message: 'account locked' } });
    expect((await inject({ url: '/profile' }, session)).statusCode).toBe(403);
    expect(answer(await logIn(ada))).toEqual(refused(401, 'invalid_credentials', 'wrong email or password'));
    await inject(json({ email: ada.email }, '/reset_password'));
    const mail = (await sendMails(test.auth)).find(({ kind }) => kind === 'reset');
    const reset_token = mail && 'token' in mail ? mail.token : '';
    const fields = { email: ada.email, reset_token, new_password: bob.password };
    expect((await inject({ ...json(fields, '/reset_password'), method: 'PUT' })).statusCode).toBe(200);
    expect((await logIn({ ...ada, password: bob.password })).statusCode).toBe(200);
  });

  it('works once of fifty at once', async () => {
    await start();
    const token = await readNotice();
    const answers = await Promise.all(Array.from({ length: 50 }, () => sayNotMe(token)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 49 }, () => 403)]);
    for (const one of answers.filter(({ status }) => status === 403)) expect(one).toEqual(invalidToken);
  });

  it('works to the end of 72 hours, and not after', async () => {
    await start();
    const [first, second] = [await readNotice(ada), await readNotice(bob)];
    test.auth.clock.advance(72 * HOUR_MS - 1);
    expect((await sayNotMe(first)).status).toBe(200);
    test.auth.clock.advance(1);
    expect(await sayNotMe(second)).toEqual(invalidToken);
    expect((await logIn(bob)).statusCode).toBe(200);
  });

  it('takes no other token, and touches no other account', async () => {
    await start({ resetDelivery: 'smtp' });
    const token = await readNotice();
    await inject(json({ email: bob.email }, '/reset_password'));
    const other = (await sendMails(test.auth)).find(({ kind }) => kind === 'reset');
    expect(await sayNotMe(other && 'token' in other ? other.token : '')).toEqual(invalidToken);
    expect(await sayNotMe('a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44')).toEqual(invalidToken);
    const fields = { email: bob.email, reset_token: token, new_password: ada.password };
    expect((await inject({ ...json(fields, '/reset_password'), method: 'PUT' })).statusCode).toBe(403);
    expect((await sayNotMe(token)).status).toBe(200);
    expect((await logIn(bob)).statusCode).toBe(200);
  });

  it('is limited by address', async () => {
    await start({ throttleLoopback: true, resetsPerMinute: 3 });
    const statuses: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) statuses.push((await sayNotMe(`${tries}`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 403), 429]);
  });
});
