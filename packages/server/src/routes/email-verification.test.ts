import type { AuthPolicy } from '@authsvc/core';
import { inviteUser } from '@authsvc/core';
import { sendMails } from '@authsvc/core/testing';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'Ada@example.com', password: 'correct horse battery' };
const other = 'staple after staple';
const created = { status: 200, body: { email: ada.email, message: 'user created' } };
const sent = { status: 200, body: { email: ada.email, message: 'verification instructions sent' } };

let test: TestServer;
let woken = 0;
afterEach(() => test.close());

async function start(policy: Partial<AuthPolicy>): Promise<void> {
  woken = 0;
  const mailOwed = () => {
    woken += 1;
  };
  const often = { registrationsPerMinute: 100, resetsPerMinute: 100 };
  test = await createTestServer({ sendsMail: true, ...often, ...policy }, {}, { mailOwed });
}

const send = async (request: InjectOptions) => answer(await test.server.inject(request));
const put = (url: string, fields: object, headers = {}) => ({
  ...json(fields, url),
  method: 'PUT' as const,
  headers: { ...json({}, url).headers, ...headers },
});
const readToken = async () => {
  const mails = await sendMails(test.auth);
  const mail = mails.at(-1);
  return mail && 'token' in mail ? mail.token : '';
};
const verify = (token: string, password = ada.password, email = ada.email) =>
  send(put('/email_verification', { email, verification_token: token, password }));
const cookieOf = async () => {
  const response = await test.server.inject(json(ada, '/sessions'));
  return String(response.headers['set-cookie']).split(';')[0] ?? '';
};

describe('verification', () => {
  it('makes the account with the password that is typed at the proof, once', async () => {
    await start({ emailVerification: 'required' });
    expect(await send(json(ada, '/users'))).toEqual(created);
    expect(await send(json(ada, '/sessions'))).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    const token = await readToken();
    expect(await verify(token, other)).toEqual({ status: 200, body: { email: ada.email, message: 'email verified' } });
    expect(await send(json({ ...ada, password: other }, '/sessions'))).toMatchObject({ status: 200 });
    expect(await verify(token, other)).toEqual({
      status: 403,
      body: {
        code: 'invalid_verification_token',
        message: 'this verification token is not valid, was used, or has expired',
      },
    });
  });

  it('answers known and unknown addresses alike, and sends the mail after the answer', async () => {
    await start({ emailVerification: 'required' });
    await send(json(ada, '/users'));
    await verify(await readToken());
    for (const email of [ada.email, 'grace@example.com']) {
      expect(await send(json({ ...ada, email }, '/users'))).toEqual({ ...created, body: { ...created.body, email } });
      expect(await send(json({ email }, '/email_verification'))).toEqual({ ...sent, body: { ...sent.body, email } });
    }
    expect(woken).toBe(6);
    const mails = await sendMails(test.auth);
    expect(mails.map(({ kind, to }) => `${kind} ${to}`)).toEqual([
      `account_exists ${ada.email}`,
      `account_exists ${ada.email}`,
      'registration grace@example.com',
      'registration grace@example.com',
    ]);
  });

  it('is not asked for where it is off, and a request for it sends nothing', async () => {
    await start({ emailVerification: 'off' });
    expect(await send(json(ada, '/users'))).toEqual(created);
    expect(await send(json(ada, '/sessions'))).toMatchObject({ status: 200 });
    expect(await send(json({ email: ada.email }, '/email_verification'))).toEqual(sent);
    expect(await sendMails(test.auth)).toEqual([]);
  });

  it('holds a password to the rules, at the registration and at the proof', async () => {
    await start({ emailVerification: 'required' });
    const weak = { status: 400, body: { code: 'password_rejected' } };
    expect(await send(json({ ...ada, password: 'short' }, '/users'))).toMatchObject(weak);
    await send(json(ada, '/users'));
    const token = await readToken();
    expect(await verify(token, 'password123')).toMatchObject(weak);
    expect(await verify(token)).toMatchObject({ status: 200 });
  });
});

describe('a change of email where addresses must be proven', () => {
  it('is in force once the new mailbox and the password of the account are shown', async () => {
    await start({ emailVerification: 'required' });
    await send(json(ada, '/users'));
    await verify(await readToken());
    const cookie = await cookieOf();
    const change = put('/profile/email', { password: ada.password, new_email: 'countess@example.com' }, { cookie });
    expect(await send(change)).toEqual(sent);
    const mails = await sendMails(test.auth);
    expect(mails.map(({ kind, to }) => `${kind} ${to}`).sort()).toEqual([
      'email_change countess@example.com',
      `email_change_notice ${ada.email}`,
    ]);
    const mail = mails.find(({ kind }) => kind === 'email_change');
    const token = mail && 'token' in mail ? mail.token : '';
    const wrong = { status: 401, body: { code: 'invalid_credentials' } };
    expect(await verify(token, other, 'countess@example.com')).toMatchObject(wrong);
    expect(await verify(token, ada.password, 'countess@example.com')).toMatchObject({ status: 200 });
    expect(await send({ url: '/profile', headers: { cookie } })).toMatchObject({
      body: { email: 'countess@example.com' },
    });
  });
});

describe('registration', () => {
  const closed = { status: 403, body: { code: 'registration_closed' } };

  it.each(['invited', 'closed'] as const)('that is %s refuses before any look at the address', async (registration) => {
    await start({ registration });
    for (const email of [ada.email, 'not an address']) {
      expect(await send(json({ ...ada, email }, '/users'))).toMatchObject(closed);
    }
    expect(await test.auth.database.read('users')).toEqual([]);
  });

  it('takes an invitation once, for its address alone, and gives its role', async () => {
    await start({ registration: 'invited', sendsMail: false });
    const { printed } = await inviteUser(test.auth, { email: ada.email, role: 'editor' });
    const accept = (fields: object = {}) =>
      send(json({ ...ada, invitation_token: printed?.token, ...fields }, '/users'));
    const invalid = { status: 403, body: { code: 'invalid_invitation_token' } };
    expect(await accept({ email: 'grace@example.com' })).toMatchObject(invalid);
    expect(await accept()).toEqual(created);
    expect(await accept()).toMatchObject(invalid);
    const { body } = await send({ url: '/whoami', headers: { cookie: await cookieOf() } });
    expect(body).toMatchObject({ user: { email_verified: true, role: 'editor' } });
  });

  it('that is closed refuses invitations and proofs from before', async () => {
    await start({ emailVerification: 'required' });
    await send(json(ada, '/users'));
    const token = await readToken();
    const { printed } = await inviteUser(
      { ...test.auth, policy: { ...test.auth.policy, sendsMail: false } },
      { email: 'grace@example.com' },
    );
    Object.assign(test.auth.policy, { registration: 'closed' });
    expect(await verify(token)).toMatchObject(closed);
    const invited = { ...ada, email: 'grace@example.com', invitation_token: printed?.token };
    expect(await send(json(invited, '/users'))).toMatchObject(closed);
  });

  it('and verification are said by GET /', async () => {
    await start({ registration: 'invited', emailVerification: 'required' });
    expect(await send({ url: '/' })).toMatchObject({
      body: { registration: 'invited', email_verification: 'required', password_min_length: 8 },
    });
  });
});
