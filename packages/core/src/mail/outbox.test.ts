import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disableUser, enableUser } from '../accounts/operator.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { createGate, createTestAuth, localClient, registerUser, type TestAuth } from '../testing/index.ts';
import { digestToken } from '../tokens/one-time-tokens.ts';
import { maxMailAttempts } from './mail.ts';
import { nextMailAttemptAt, sendOwedMail } from './outbox.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe('sendOwedMail', () => {
  let auth: TestAuth;
  let user: User;

  beforeEach(async () => {
    auth = await createTestAuth({ resetDelivery: 'smtp', resetTokenMs: 1_800_000 });
    user = await registerUser(auth, credentials);
    await requestPasswordReset(auth, credentials);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  const mailed = () => auth.mailer.sent.map((mail) => ('token' in mail ? mail.token : ''));
  const recorded = (type: Parameters<typeof authEvent>[1], detail?: string) =>
    authEvent(auth.clock, type, undefined, { userId: user.id, emailKey: user.emailKey }, detail);
  it('sends a token that works, once', async () => {
    expect(await sendOwedMail(auth)).toBe('sent');
    const [resetToken = ''] = mailed();
    const sent = { kind: 'reset', to: 'user@example.com', token: resetToken, expiresInMs: 1_800_000 };
    expect(auth.mailer.sent).toEqual([sent]);
    expect(auth.events).toEqual([recorded('reset_mail_sent')]);
    expect(await sendOwedMail(auth)).toBe('none');
    await resetPassword(auth, { ...credentials, resetToken, newPassword: 'new_secure_password' });
  });

  it('sends nothing where no account has the address', async () => {
    await sendOwedMail(auth);
    await requestPasswordReset(auth, { email: 'nobody@example.com', client: localClient });
    expect(await sendOwedMail(auth)).toBe('dropped');
    expect(await sendOwedMail(auth)).toBe('none');
    expect(auth.mailer.sent).toHaveLength(1);
  });

  const MINUTE_MS = 60_000;
  const ask = async () => {
    await requestPasswordReset(auth, credentials);
    while ((await sendOwedMail(auth)) !== 'none');
  };
  const works = (resetToken: string) =>
    resetPassword(auth, { ...credentials, resetToken, newPassword: 'new_secure_password' });

  it('sends five an hour while a token that was mailed is good, all of which are', async () => {
    for (let index = 0; index < 7; index += 1) await ask();
    expect(auth.mailer.sent).toHaveLength(5);
    const [first = ''] = mailed();
    await works(first);
  });

  it.each(Array.from({ length: 12 }, (_, index) => index * 5))(
    'leaves the owner able to reset in minute %i of a stranger asking every minute',
    async (minute) => {
      for (let passed = 0; passed < minute; passed += 1) {
        await ask();
        auth.clock.advance(MINUTE_MS);
      }
      // The owner's own request: a valid token was mailed before, or is mailed now.
      await ask();
      const tokens = mailed();
      const found = await Promise.all(tokens.map((token) => auth.store.findToken(digestToken(token), ['reset'])));
      const good = tokens.filter((_, index) => (found[index]?.expiresAt ?? 0) > auth.clock.now());
      await works(good.at(-1) ?? 'none');
    },
  );

  it('sends another at once where those that were mailed are used or void', async () => {
    for (let index = 0; index < 6; index += 1) await ask();
    await works(mailed().at(-1) ?? '');
    await ask();
    expect(auth.mailer.sent).toHaveLength(6);
    await disableUser(auth, user.email);
    await enableUser(auth, user.email);
    await ask();
    expect(auth.mailer.sent).toHaveLength(7);
  });

  it('voids no token that was mailed by tries that fail', async () => {
    await ask();
    const tokens = mailed();
    auth.mailer.error = new Error('no');
    await requestPasswordReset(auth, credentials);
    for (let tries = 1; tries < maxMailAttempts('reset'); tries += 1) {
      expect(await sendOwedMail(auth)).toBe('failed');
      auth.clock.advance(nextMailAttemptAt(tries, 0));
    }
    expect(await sendOwedMail(auth)).toBe('given_up');
    await works(tokens[0] ?? '');
  });

  it('sends a mail to the owner once the server is back, however many were asked for and failed', async () => {
    auth.mailer.error = new Error('no');
    for (let index = 0; index < 9; index += 1) await ask();
    auth.clock.advance(10 * MINUTE_MS);
    for (let tries = 0; tries < maxMailAttempts('reset'); tries += 1) {
      await sendOwedMail(auth);
      auth.clock.advance(10 * MINUTE_MS);
    }
    auth.mailer.error = undefined;
    await ask();
    expect(auth.mailer.sent).toHaveLength(1);
  });

  it('leaves a request to the mail of the same account that is tried again', async () => {
    auth.mailer.error = new Error('no');
    expect(await sendOwedMail(auth)).toBe('failed');
    await requestPasswordReset(auth, credentials);
    expect(await sendOwedMail(auth)).toBe('dropped');
    auth.mailer.error = undefined;
    auth.clock.advance(30_000);
    expect(await sendOwedMail(auth)).toBe('sent');
    expect(await sendOwedMail(auth)).toBe('none');
  });

  it('tries again later each time, with a new token, and gives up at last', async () => {
    auth.mailer.error = Object.assign(new Error('550 no such user: user@example.com'), {
      code: 'EENVELOPE',
      command: 'RCPT TO',
      response: '550 no such user: user@example.com',
    });
    const said = 'EENVELOPE at RCPT: 550 no such user: …';
    const delays = [30, 60, 120, 240, 480];
    for (const seconds of delays) {
      auth.events.splice(0);
      expect(await sendOwedMail(auth)).toBe('failed');
      // What a server answers may quote what was sent to it.
      expect(auth.events).toEqual([recorded('reset_mail_failed', said)]);
      auth.clock.advance(seconds * 1000 - 1);
      expect(await sendOwedMail(auth)).toBe('none');
      auth.clock.advance(1);
    }
    auth.events.splice(0);
    expect(await sendOwedMail(auth)).toBe('given_up');
    expect(auth.events).toEqual([recorded('reset_mail_given_up', said)]);
    expect(delays).toHaveLength(maxMailAttempts('reset') - 1);
    auth.clock.advance(3_600_000);
    expect(await sendOwedMail(auth)).toBe('none');
  });

  it('is tried again after a sender that died', async () => {
    const sending = createGate();
    const send = () => {
      sending.open();
      return new Promise<void>(() => undefined);
    };
    sendOwedMail({ ...auth, mailer: { send } }).catch(() => undefined);
    await sending.opened;
    expect(await sendOwedMail(auth)).toBe('none');
    auth.clock.advance(30_000);
    expect(await sendOwedMail(auth)).toBe('sent');
  });
});
