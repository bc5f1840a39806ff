import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inviteUser } from '../accounts/invitations.ts';
import { verifyUser } from '../accounts/operator.ts';
import { changeEmail } from '../accounts/own-account.ts';
import { register } from '../accounts/register.ts';
import { requestEmailVerification, verifyEmail } from '../accounts/verify-email.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { AuthPolicy } from '../ports.ts';
import {
  localClient as client,
  createTestAuth,
  logInUser,
  registerUser,
  sendMails,
  type TestAuth,
} from '../testing/index.ts';
import { maxMailAttempts } from './mail.ts';
import { nextMailAttemptAt, sendOwedMail } from './outbox.ts';

const email = 'owner@example.com';
const password = 'correct horse battery';
const MINUTE_MS = 60_000;
const policy: Partial<AuthPolicy> = {
  ...{ emailVerification: 'required', resetDelivery: 'smtp', sendsMail: true, resetTokenMs: 30 * MINUTE_MS },
};

describe('the mails to one mailbox', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth(policy);
  });
  afterEach(() => auth.close());

  const makeAccount = (address = email) => {
    const off = { ...auth, policy: { ...auth.policy, emailVerification: 'off' as const } };
    return registerUser(off, { email: address, password, client });
  };
  const requests = {
    register: () => register(auth, { email, password, client }),
    resend: () => requestEmailVerification(auth, { email, client }),
    reset: () => requestPasswordReset(auth, { email, client }),
    move: async () => {
      const { session } = await logInUser(auth, { email: 'stranger@example.com', password, client });
      const actor = { session: { ...session, email: 'stranger@example.com' }, client };
      await changeEmail(auth, { ...actor, password, newEmail: email });
    },
  };
  /** Everything that a stranger can ask for. */
  const flood = async () => {
    for (const request of Object.values(requests)) await request();
    await sendMails(auth);
  };
  const sent = () => auth.mailer.sent.filter(({ to }) => to === email);
  const lastToken = (kind: string) => {
    const mail = sent().findLast((one) => one.kind === kind);
    return mail && 'token' in mail ? mail.token : '';
  };

  it.each([
    ['with an account', true],
    ['without one', false],
  ])('are 13 an hour at most, %s, however many strangers ask for', async (_what, isKnown) => {
    await makeAccount('stranger@example.com');
    if (isKnown) await makeAccount();
    for (let minute = 0; minute < 60; minute += 4) {
      await flood();
      auth.clock.advance(4 * MINUTE_MS);
    }
    expect(sent().length).toBeGreaterThanOrEqual(5);
    expect(sent().length).toBeLessThanOrEqual(13);
  });

  it('bring the owner a reset, though strangers have used up the hour', async () => {
    await makeAccount('stranger@example.com');
    await makeAccount();
    for (let time = 0; time < 6; time += 1) await requests.register();
    await sendMails(auth);
    expect(sent().map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'account_exists'));
    await requests.reset();
    await sendMails(auth);
    await resetPassword(auth, { email, resetToken: lastToken('reset'), newPassword: 'another password', client });
  });

  it('bring the owner a proof and an invitation, though strangers have used up the hour', async () => {
    await makeAccount('stranger@example.com');
    for (let time = 0; time < 6; time += 1) {
      await requests.move();
      await sendMails(auth);
    }
    expect(sent().map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'email_change'));
    await inviteUser(auth, { email });
    await requests.register();
    await sendMails(auth);
    expect(lastToken('invitation')).not.toBe('');
    await verifyEmail(auth, { email, verificationToken: lastToken('registration'), password, client });
  });

  it('tell the owner of a change, though a thief has used up the hour', async () => {
    await makeAccount();
    await verifyUser(auth, email);
    for (let time = 0; time < 9; time += 1) await requests.register();
    const { session } = await logInUser(auth, { email, password, client });
    await changeEmail(auth, { session: { ...session, email }, client, password, newEmail: 'thief@example.com' });
    await sendMails(auth);
    expect(sent().filter(({ kind }) => kind === 'email_change_notice')).toHaveLength(1);
  });

  it('are retried for a day, but for resets', async () => {
    await makeAccount();
    await requests.reset();
    await register(auth, { email: 'new@example.com', password, client });
    auth.mailer.error = new Error('no mail server');
    const started = auth.clock.now();
    const tries = { reset: 0, registration: 0 };
    for (;;) {
      const [owed] = await auth.database.read('mails').min({ dueAt: 'next_attempt_at' });
      if (owed?.dueAt === null) break;
      auth.clock.advance(owed?.dueAt - auth.clock.now());
      await sendOwedMail(auth);
    }
    for (const { type } of auth.events) {
      if (type === 'reset_mail_failed' || type === 'reset_mail_given_up') tries.reset += 1;
      if (type === 'mail_failed' || type === 'mail_given_up') tries.registration += 1;
    }
    expect(tries).toEqual({ reset: maxMailAttempts('reset'), registration: maxMailAttempts('registration') });
    expect(auth.clock.now() - started).toBeGreaterThan(24 * 60 * MINUTE_MS);
    expect(
      auth.events.filter(({ type }) => type.endsWith('given_up')).map(({ type, detail }) => [type, detail]),
    ).toEqual([
      ['reset_mail_given_up', 'error'],
      ['mail_given_up', 'registration: error'],
    ]);
  });

  it('wait an hour at most for their next try', () => {
    const delays = Array.from({ length: 9 }, (_, index) => nextMailAttemptAt(index + 1, 0) / MINUTE_MS);
    expect(delays).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
  });
});
