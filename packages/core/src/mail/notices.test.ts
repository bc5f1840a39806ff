import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyUser } from '../accounts/operator.ts';
import { changeEmail } from '../accounts/own-account.ts';
import type { User } from '../accounts/user.ts';
import { disableTotp, renewRecoveryCodes } from '../factors/own-factors.ts';
import { changePassword } from '../passwords/change-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createTestAuth, localClient, logInUser, registerUser, sendMails, type TestAuth } from '../testing/index.ts';
import { enrol } from '../testing/second-factor.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const { password } = credentials;
const HOUR_MS = 3_600_000;
const at = (index: number): Requester => ({
  ...localClient,
  address: `198.51.${Math.floor(index / 250)}.${1 + (index % 250)}`,
  userAgent: 'Mozilla/5.0 <b>stranger</b>',
});

describe('the owner of an account', () => {
  let auth: TestAuth;
  let user: User;

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true, throttleLoopback: false });
    user = await registerUser(auth, credentials);
    await verifyUser(auth, credentials.email);
  });
  afterEach(() => auth.close());

  const heard = async () => (await sendMails(auth)).map(({ kind }) => kind);

  it('hears of a login from a place and a browser that are new, but not of the first', async () => {
    const { device } = await logInUser(auth, credentials);
    expect(await heard()).toEqual([]);
    await logInUser(auth, { ...credentials, client: at(1) });
    expect(await sendMails(auth)).toEqual([
      {
        kind: 'login_notice',
        to: credentials.email,
        token: expect.any(String),
        expiresInMs: 72 * HOUR_MS,
        at: auth.clock.now(),
        address: '198.51.0.2',
        userAgent: 'Mozilla/5.0 <b>stranger</b>',
      },
    ]);
    // The same place, and another place in a browser that is known.
    await logInUser(auth, { ...credentials, client: at(1) });
    await logInUser(auth, { ...credentials, client: at(2), deviceToken: device.token });
    expect(await heard()).toEqual([]);
  });

  it('hears nothing of the first login after an upgrade', async () => {
    await logInUser(auth, credentials);
    await auth.database.write('users').update({ noticed_since: null });
    await auth.database.write('devices').delete();
    await logInUser(auth, { ...credentials, client: at(1) });
    expect(await heard()).toEqual([]);
    await logInUser(auth, { ...credentials, client: at(2) });
    expect(await heard()).toEqual(['login_notice']);
  });

  it('hears nothing at an address that is not proven, nor without a mail server', async () => {
    await auth.database.write('users').update({ email_verified: false });
    await logInUser(auth, credentials);
    await logInUser(auth, { ...credentials, client: at(1) });
    expect(await heard()).toEqual([]);
    await auth.database.write('users').update({ email_verified: true });
    await logInUser({ ...auth, policy: { ...auth.policy, sendsMail: false } }, { ...credentials, client: at(2) });
    expect(await heard()).toEqual([]);
  });

  it('hears of each change', async () => {
    const { app, session, recoveryCodes } = await enrol(auth, credentials);
    expect(await heard()).toEqual(['factor_enabled']);
    const actor = { session, client: localClient, password };
    await renewRecoveryCodes(auth, { ...actor, code: recoveryCodes[0] });
    expect(await heard()).toEqual(expect.arrayContaining(['recovery_code_used', 'recovery_codes_renewed']));
    await disableTotp(auth, { ...actor, code: app.nextCode() });
    expect(await heard()).toEqual(['factor_disabled']);
    auth.clock.advance(HOUR_MS);
    await changePassword(auth, { ...actor, currentPassword: password, newPassword: 'another_password' });
    expect(await heard()).toEqual(['password_changed']);
    await changeEmail(auth, { ...actor, password: 'another_password', newEmail: 'new@example.com' });
    expect((await sendMails(auth)).map(({ kind, to }) => [kind, to])).toEqual([['email_changed', credentials.email]]);
  });

  it('hears of changes though a thousand logins used up the hour of the mailbox', { timeout: 120_000 }, async () => {
    await logInUser(auth, credentials);
    for (let index = 0; index < 1000; index += 1) await logInUser(auth, { ...credentials, client: at(index) });
    expect(await heard()).toHaveLength(6);
    const { token } = await logInUser(auth, credentials);
    const session = await authenticate(auth, token);
    const change = { session, client: localClient, currentPassword: password, newPassword: 'another_password' };
    await changePassword(auth, change);
    expect(await heard()).toEqual(['password_changed']);
    const [mails] = await auth.database.read('mails').count({ owed: '*' });
    expect(Number(mails?.owed)).toBe(0);
    expect(user.id).toBe(session.userId);
  });

  it('misses no notice while another is tried again', async () => {
    await logInUser(auth, credentials);
    auth.mailer.error = new Error('no');
    await logInUser(auth, { ...credentials, client: at(1) });
    await heard();
    await logInUser(auth, { ...credentials, client: at(2) });
    await heard();
    auth.mailer.error = undefined;
    auth.clock.advance(HOUR_MS);
    const addresses = (await sendMails(auth)).map((mail) => ('address' in mail ? mail.address : undefined));
    expect(addresses.sort()).toEqual(['198.51.0.2', '198.51.0.3']);
  });
});
