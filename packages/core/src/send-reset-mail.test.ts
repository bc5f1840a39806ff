import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authEvent } from './event.ts';
import { MAIL_MAX_ATTEMPTS } from './outbox.ts';
import { register } from './register.ts';
import { requestPasswordReset } from './request-password-reset.ts';
import { resetMail } from './reset-mail.ts';
import { resetPassword } from './reset-password.ts';
import { sendResetMail } from './send-reset-mail.ts';
import { createGate, createTestAuth, localClient, type TestAuth } from './testing.ts';
import type { User } from './user.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe('sendResetMail', () => {
  let auth: TestAuth;
  let user: User;

  beforeEach(async () => {
    auth = await createTestAuth({ resetDelivery: 'smtp', resetTokenMs: 1_800_000 });
    user = await register(auth, credentials);
    await requestPasswordReset(auth, credentials);
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  const recorded = (type: Parameters<typeof authEvent>[1], detail?: string) =>
    authEvent(auth.clock, type, undefined, { userId: user.id, emailKey: user.emailKey }, detail);
  const tokenIn = (text = '') => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text)?.[0] ?? '';

  it('sends a token that works, once', async () => {
    expect(await sendResetMail(auth)).toBe('sent');
    const resetToken = tokenIn(auth.mailer.sent[0]?.text);
    expect(auth.mailer.sent).toEqual([resetMail('user@example.com', resetToken, 30)]);
    expect(auth.events).toEqual([recorded('reset_mail_sent')]);
    expect(await sendResetMail(auth)).toBe('none');
    await resetPassword(auth, { ...credentials, resetToken, newPassword: 'new_secure_password' });
  });

  it('sends nothing where no account has the address', async () => {
    await sendResetMail(auth);
    await requestPasswordReset(auth, { email: 'nobody@example.com', client: localClient });
    expect(await sendResetMail(auth)).toBe('dropped');
    expect(await sendResetMail(auth)).toBe('none');
    expect(auth.mailer.sent).toHaveLength(1);
  });

  it('tries again later each time, with a new token, and gives up at last', async () => {
    auth.mailer.error = Object.assign(new Error('550 no such user: user@example.com'), {
      code: 'EENVELOPE',
      responseCode: 550,
    });
    const delays = [30, 60, 120, 240, 480];
    for (const seconds of delays) {
      auth.events.splice(0);
      expect(await sendResetMail(auth)).toBe('failed');
      // What a server answers may quote what was sent to it.
      expect(auth.events).toEqual([recorded('reset_mail_failed', 'EENVELOPE 550')]);
      auth.clock.advance(seconds * 1000 - 1);
      expect(await sendResetMail(auth)).toBe('none');
      auth.clock.advance(1);
    }
    auth.events.splice(0);
    expect(await sendResetMail(auth)).toBe('given_up');
    expect(auth.events).toEqual([recorded('reset_mail_given_up', 'EENVELOPE 550')]);
    expect(delays).toHaveLength(MAIL_MAX_ATTEMPTS - 1);
    auth.clock.advance(3_600_000);
    expect(await sendResetMail(auth)).toBe('none');
  });

  it('is tried again after a sender that died', async () => {
    const sending = createGate();
    const send = () => {
      sending.open();
      return new Promise<void>(() => undefined);
    };
    sendResetMail({ ...auth, mailer: { send } }).catch(() => undefined);
    await sending.opened;
    expect(await sendResetMail(auth)).toBe('none');
    auth.clock.advance(30_000);
    expect(await sendResetMail(auth)).toBe('sent');
  });
});

describe('resetMail', () => {
  it('quotes an address in HTML, and says minutes in the right number', () => {
    const mail = resetMail("o'brien&sons@example.com", 'token', 1);
    expect(mail.html).toContain('o&#39;brien&#38;sons@example.com');
    expect(mail.html).not.toContain("o'brien&sons");
    expect(mail.text).toContain('for the next 1 minute.');
    expect(mail).toMatchObject({ to: "o'brien&sons@example.com", subject: 'Reset your password' });
  });
});
