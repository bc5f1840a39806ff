import { type AuthPolicy, inviteUser } from '@authsvc/core';
import { sendMails } from '@authsvc/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { form } from '../../testing/requests.ts';
import { createTestServer, type TestServer } from '../../testing/test-server.ts';
import { texts } from '../../texts/texts.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const said = texts.pages;

let test: TestServer;
afterEach(() => test.close());

async function start(policy: Partial<AuthPolicy>): Promise<void> {
  const often = { registrationsPerMinute: 100, resetsPerMinute: 100 };
  test = await createTestServer({ sendsMail: true, ...often, ...policy });
}

const get = (url: string, cookie = '') => test.server.inject({ url, headers: { cookie } });
const submit = (url: string, fields: Record<string, string>, cookie = '') => {
  const request = form(new URLSearchParams(fields).toString(), url);
  return test.server.inject({ ...request, headers: { ...request.headers, cookie } });
};
const readToken = async () => {
  const mails = await sendMails(test.auth);
  // Notices have a token of their own.
  return mails.map((mail) => ('token' in mail && !('at' in mail) ? mail.token : '')).join('');
};
const cookieOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers['set-cookie']).split(';')[0];
const register = async () => {
  const response = await submit('/register', { email, password });
  expect(response.headers).toMatchObject({ location: 'verify?asked' });
  return response;
};

describe('/register and /verify where addresses must be proven', () => {
  it('lead from the registration to the mailbox, the password and the login', async () => {
    await start({ emailVerification: 'required' });
    expect(cookieOf(await register())).toBe('undefined');
    expect((await get('/verify?asked')).body).toContain(said.verificationAsked.lead);
    const token = await readToken();

    const shown = await get(`/verify?email=${email}&token=${token}`);
    expect(shown.body).toContain(said.verify.registration.lead);
    expect(shown.body).toContain(`name="verification_token" value="${token}"`);
    expect(shown.body).toContain('autocomplete="new-password"');
    expect(shown.headers['referrer-policy']).toBe('strict-origin');

    const proof = { email, verification_token: token, password };
    const proven = await submit('/verify', proof);
    expect([proven.statusCode, proven.headers.location]).toEqual([303, 'login?done=email-verified']);
    expect(proven.headers['set-cookie']).toBeUndefined();
    expect((await submit('/login', { email, password })).headers.location).toBe('account');

    const again = await submit('/verify', proof);
    expect(again.statusCode).toBe(403);
    expect(again.body).toContain(
      `id="verification_token-problem">${said.problems.refusals.invalid_verification_token}`,
    );
  });

  it('send the mail again, and answer alike for an address that has an account', async () => {
    await start({ emailVerification: 'required' });
    await register();
    await submit('/verify', { email, verification_token: await readToken(), password });
    for (const address of [email, 'grace@example.com']) {
      const asked = await submit('/verify', { email: address });
      expect([asked.statusCode, asked.headers.location]).toEqual([303, 'verify?asked']);
      expect((await submit('/register', { email: address, password })).headers.location).toBe('verify?asked');
    }
    const kinds = (await sendMails(test.auth)).map(({ kind }) => kind);
    expect(kinds).toEqual(['account_exists', 'account_exists', 'registration', 'registration']);
  });

  it('change nothing by GET or HEAD', async () => {
    await start({ emailVerification: 'required' });
    await register();
    const token = await readToken();
    for (const method of ['GET', 'HEAD'] as const) {
      await test.server.inject({ method, url: `/verify?email=${email}&token=${token}` });
    }
    expect(await test.auth.database.read('users')).toEqual([]);
    expect((await submit('/verify', { email, verification_token: token, password })).statusCode).toBe(303);
  });
});

describe('/account/email where addresses must be proven', () => {
  it('says that the change waits, and /verify asks for the password of the account', async () => {
    await start({ emailVerification: 'required' });
    await register();
    await submit('/verify', { email, verification_token: await readToken(), password });
    const cookie = cookieOf(await submit('/login', { email, password }));
    const change = await submit('/account/email', { new_email: 'countess@example.com', password }, cookie);
    expect(change.headers.location).toBe('../account?done=email-change-asked');
    const account = await get('/account?done=email-change-asked', cookie);
    expect(account.body).toContain(said.notices['email-change-asked']);
    expect(account.body).toContain(email);
    const pending = said.account.pendingEmail('countess@example.com');
    expect((await get('/account', cookie)).body).toContain(pending);

    const token = await readToken();
    const shown = await get(`/verify?email=countess%40example.com&token=${token}&for=email_change`);
    expect(shown.body).toContain(said.verify.change.lead);
    expect(shown.body).toContain('action="verify?for=email_change"');
    expect(shown.body).toContain('autocomplete="current-password"');

    const proof = { email: 'countess@example.com', verification_token: token };
    const wrong = await submit('/verify?for=email_change', { ...proof, password: 'staple after staple' });
    expect(wrong.statusCode).toBe(401);
    expect(wrong.body).toContain(`id="password-problem">${said.problems.wrongPassword}`);
    expect((await submit('/verify?for=email_change', { ...proof, password })).statusCode).toBe(303);
    const moved = (await get('/account', cookie)).body;
    expect(moved).toContain('countess@example.com');
    expect(moved).not.toContain(pending);
  });
});

describe('/invitation', () => {
  it('makes the account of the invited address, and leads to the login', async () => {
    await start({ registration: 'invited', sendsMail: false });
    const { printed } = await inviteUser(test.auth, { email, role: 'editor' });
    const shown = await get(`/invitation?email=${email}&token=${printed?.token}`);
    expect(shown.body).toContain(said.invitation.lead);
    expect(shown.body).toContain(`name="invitation_token" value="${printed?.token}"`);

    const accept = { email, invitation_token: printed?.token ?? '', password };
    const missing = await submit('/invitation', { email, password });
    expect(missing.statusCode).toBe(400);
    expect(missing.body).toContain(said.problems.missing.invitation_token);
    const accepted = await submit('/invitation', accept);
    expect([accepted.statusCode, accepted.headers.location]).toEqual([303, 'login?done=account-made']);
    expect((await submit('/invitation', accept)).statusCode).toBe(403);
    expect(await test.auth.database.read('users')).toMatchObject([{ email, role: 'editor' }]);
  });
});

describe('pages where registration is not open', () => {
  it.each([
    ['invited', 200],
    ['closed', 403],
  ] as const)('offer no registration while it is %s', async (registration, invitationStatus) => {
    await start({ registration });
    expect((await get('/login')).body).not.toContain(said.login.register);
    for (const response of [await get('/register'), await submit('/register', { email, password })]) {
      expect(response.statusCode).toBe(403);
      expect(response.body).toContain(said.problems.refusals.registration_closed);
      expect(response.body).not.toContain('<form');
    }
    expect((await get('/invitation')).statusCode).toBe(invitationStatus);
    expect(await test.auth.database.read('users')).toEqual([]);
  });
});
