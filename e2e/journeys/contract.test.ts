import { describe, expect, it } from 'vitest';
import { type Answer, type SendOptions, send } from '../support/http-client.mjs';
import { shareDaemon } from '../support/journey.ts';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const password = 'correct horse battery';
const newPassword = 'staple after staple';

const shared = shareDaemon();

type Fields = Readonly<Record<string, string>>;

const encodings = [
  { name: 'json', encode: (fields: Fields): SendOptions => ({ json: fields }) },
  { name: 'form', encode: (fields: Fields): SendOptions => ({ form: fields }) },
] as const;

describe.each(encodings)('the six endpoints, by $name', ({ name, encode }) => {
  const call = (target: string, fields: Fields, options: SendOptions = {}) =>
    send(shared.daemon.url, target, { ...encode(fields), ...options });
  const profile = (session?: string) => send(shared.daemon.url, 'GET /profile', { session });
  const emailOf = (person: string) => `${person}.${name}@example.com`;

  async function registered(person: string): Promise<string> {
    const email = emailOf(person);
    expect(statusAndBody(await call('POST /users', { email, password }))).toEqual([
      200,
      { email, message: 'user created' },
    ]);
    return email;
  }

  async function loggedIn(email: string, secret = password): Promise<string> {
    const answer = await call('POST /sessions', { email, password: secret });
    expect(statusAndBody(answer)).toEqual([200, { email, message: 'logged in' }]);
    return answer.session ?? '';
  }

  async function resetToken(email: string): Promise<string> {
    const answer = await call('POST /reset_password', { email });
    expect(statusAndBody(answer)).toEqual([200, { email, reset_token: expect.stringMatching(uuid) }]);
    return (answer.body as { reset_token: string }).reset_token;
  }

  it('register a user', async () => {
    await registered('register');
  });

  it('refuse an email that is taken, in whatever case', async () => {
    const email = await registered('taken');
    const refusal = [400, { code: 'email_taken', message: 'email already registered' }];
    expect(statusAndBody(await call('POST /users', { email, password: newPassword }))).toEqual(refusal);
    expect(statusAndBody(await call('POST /users', { email: email.toUpperCase(), password }))).toEqual(refusal);
  });

  it('keep the email as it was registered, and compare it in whatever case', async () => {
    const email = await registered('Mixed.Case');
    const answer = await call('POST /sessions', { email: email.toLowerCase(), password });
    expect(statusAndBody(answer)).toEqual([200, { email, message: 'logged in' }]);
    expect(statusAndBody(await profile(answer.session))).toEqual([200, { email }]);
  });

  it('log in with a cookie that scripts cannot read and that says how long the session may live', async () => {
    const email = await registered('cookie');
    const { headers, session } = await call('POST /sessions', { email, password });
    expect(session).toMatch(/^[\w-]{43}$/);
    const [value, ...attributes] = (headers['set-cookie']?.[0] ?? '').split('; ');
    expect(value).toBe(`session_id=${session}`);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax']);
  });

  it('refuse an unknown email and a wrong password alike', async () => {
    const email = await registered('wrong');
    const refusal = [401, { code: 'invalid_credentials', message: 'wrong email or password' }];
    for (const fields of [
      { email, password: newPassword },
      { email: emailOf('nobody'), password },
    ]) {
      const answer = await call('POST /sessions', fields);
      expect(statusAndBody(answer)).toEqual(refusal);
      expect(answer.session).toBeUndefined();
    }
  });

  it('open a session at each login, and end only the one that logs out', async () => {
    const email = await registered('twice');
    const [first, second] = [await loggedIn(email), await loggedIn(email)];
    expect(first).not.toBe(second);

    const answer = await send(shared.daemon.url, 'DELETE /sessions', { session: first });
    expect(statusAndBody(answer)).toEqual([200, { message: 'logged out' }]);
    expect(answer.session).toBe('');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/);

    expect(statusAndBody(await profile(first))).toEqual(unauthenticated);
    expect(statusAndBody(await send(shared.daemon.url, 'DELETE /sessions', { session: first }))).toEqual(
      unauthenticated,
    );
    expect(statusAndBody(await profile(second))).toEqual([200, { email }]);
  });

  it('refuse a profile and a logout without a session', async () => {
    for (const session of [undefined, '', 'x', 'A'.repeat(43)]) {
      expect(statusAndBody(await profile(session))).toEqual(unauthenticated);
      expect(statusAndBody(await send(shared.daemon.url, 'DELETE /sessions', { session }))).toEqual(unauthenticated);
    }
  });

  it('serve a logout and a profile that carry a Content-Type and no body', async () => {
    const session = await loggedIn(await registered('bodiless'));
    const headers = { 'content-type': name === 'json' ? 'application/json' : 'application/x-www-form-urlencoded' };
    const { status } = await send(shared.daemon.url, 'GET /profile', { session, headers });
    expect(status).toBe(200);
    const answer = await send(shared.daemon.url, 'DELETE /sessions', { session, headers });
    expect(statusAndBody(answer)).toEqual([200, { message: 'logged out' }]);
  });

  it('refuse to reset the password of an unknown email', async () => {
    expect(statusAndBody(await call('POST /reset_password', { email: emailOf('nobody') }))).toEqual([
      403,
      { code: 'unknown_email', message: 'no account has this email' },
    ]);
  });

  it('reset a password once, and end every session of that user', async () => {
    const email = await registered('reset');
    const sessions = [await loggedIn(email), await loggedIn(email)];
    const token = await resetToken(email);

    const fields = { email, reset_token: token, new_password: newPassword };
    expect(statusAndBody(await call('PUT /reset_password', fields))).toEqual([
      200,
      { email, message: 'password updated' },
    ]);
    for (const session of sessions) expect(statusAndBody(await profile(session))).toEqual(unauthenticated);
    expect((await call('POST /sessions', { email, password })).status).toBe(401);
    await loggedIn(email, newPassword);

    expect(statusAndBody(await call('PUT /reset_password', fields))).toEqual(invalidResetToken);
  });

  it("refuse an unknown and another user's reset token alike, and change nothing; a newer one voids none", async () => {
    const [email, other] = [await registered('owner'), await registered('other')];
    const older = await resetToken(email);
    const current = await resetToken(email);
    const foreign = await resetToken(other);
    for (const reset_token of ['a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', foreign]) {
      const answer = await call('PUT /reset_password', { email, reset_token, new_password: newPassword });
      expect(statusAndBody(answer)).toEqual(invalidResetToken);
    }
    await loggedIn(email);
    const pasted = `  ${older.toUpperCase()}\u00a0\n`;
    const last = await call('PUT /reset_password', { email, reset_token: pasted, new_password: newPassword });
    expect(statusAndBody(last)).toEqual([200, { email, message: 'password updated' }]);
    const voided = { email, reset_token: current, new_password: newPassword };
    expect(statusAndBody(await call('PUT /reset_password', voided))).toEqual(invalidResetToken);
  });
});

const unauthenticated = [403, { code: 'unauthenticated', message: 'log in first: there is no valid session' }];
const invalidResetToken = [
  403,
  { code: 'invalid_reset_token', message: 'this reset token is not valid, was used, or has expired' },
];

function statusAndBody({ status, body }: Answer): [number, unknown] {
  return [status, body];
}
