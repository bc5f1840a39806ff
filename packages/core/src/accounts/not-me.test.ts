import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import { beginTotp, enableTotp } from '../factors/enable-totp.ts';
import { renewRecoveryCodes } from '../factors/own-factors.ts';
import { changePassword } from '../passwords/change-password.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { logIn } from '../sessions/log-in.ts';
import { endOtherSessions } from '../sessions/own-sessions.ts';
import { logInWithCode } from '../sessions/second-factor.ts';
import type { ActiveSession } from '../sessions/session.ts';
import { createTestAuth, localClient, logInUser, registerUser, sendMails, type TestAuth } from '../testing/index.ts';
import { createTestApp, enrol, type TestApp } from '../testing/second-factor.ts';
import { notMe } from './not-me.ts';
import { disableUser, enableUser, issueResetTokenFor, unlockUser, verifyUser } from './operator.ts';
import { changeEmail } from './own-account.ts';
import { register } from './register.ts';
import { verifyEmail } from './verify-email.ts';

const ours = 'owner@example.com';
const theirs = 'thief@example.com';
const credentials = { email: ours, password: 'secure_password', client: localClient };
const elsewhere: Requester = { ...localClient, address: '203.0.113.9', userAgent: 'thief' };
const HOUR_MS = 3_600_000;
const refusal = (code: AuthErrorCode) => expect.objectContaining({ code });

/** What a thief has, who stole a session and knows the password. */
interface Thief {
  session: ActiveSession;
  token: string;
  password: string;
  email: string;
  app: TestApp | undefined;
}

const acts = {
  email: async (auth: TestAuth, thief: Thief) => {
    const change = { session: thief.session, client: elsewhere, password: thief.password, newEmail: theirs };
    const { isPending } = await changeEmail(auth, { ...change, code: thief.app?.nextCode() });
    if (isPending) {
      const mail = (await sendMails(auth)).find(({ kind }) => kind === 'email_change');
      const verificationToken = mail && 'token' in mail ? mail.token : '';
      const proof = { email: theirs, verificationToken, password: thief.password, client: elsewhere };
      await verifyEmail(auth, { ...proof, code: thief.app?.nextCode() });
    } else {
      // Else no factor could be enabled, and the thief would hear of nothing.
      await verifyUser(auth, theirs);
    }
    thief.email = theirs;
    thief.session = await authenticate(auth, thief.token);
  },
  factor: async (auth: TestAuth, thief: Thief) => {
    const actor = { session: thief.session, client: elsewhere };
    const { secret } = await beginTotp(auth, { ...actor, password: thief.password });
    thief.app = createTestApp(auth.clock, secret);
    const { token } = await enableTotp(auth, { ...actor, code: thief.app.code() });
    thief.token = token;
    thief.session = await authenticate(auth, token);
  },
  password: async (auth: TestAuth, thief: Thief) => {
    const change = { session: thief.session, client: elsewhere, currentPassword: thief.password };
    await changePassword(auth, { ...change, newPassword: 'a thief’s password', code: thief.app?.nextCode() });
    thief.password = 'a thief’s password';
  },
  sessions: (auth: TestAuth, thief: Thief) => endOtherSessions(auth, { session: thief.session, client: elsewhere }),
};

function ordersOf<One>(things: readonly One[]): One[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((thing) => ordersOf(things.filter((other) => other !== thing)).map((rest) => [thing, ...rest]));
}

const names = Object.keys(acts) as (keyof typeof acts)[];
const cases = (['off', 'required'] as const).flatMap((emailVerification) =>
  ordersOf(names).map((order) => ({ order, emailVerification })),
);

describe('an account that was stolen', () => {
  let auth: TestAuth;

  async function open(emailVerification: 'off' | 'required'): Promise<void> {
    auth = await createTestAuth({ sendsMail: true, resetDelivery: 'smtp' });
    await registerUser(auth, credentials);
    await verifyUser(auth, ours);
    const { policy } = auth;
    auth = { ...auth, policy: { ...policy, emailVerification } };
  }
  afterEach(() => auth.close());

  async function steal(): Promise<Thief> {
    const { token } = await logInUser(auth, credentials);
    const session = await authenticate(auth, token);
    return { session, token, password: credentials.password, email: ours, app: undefined };
  }

  /** The tokens of the notices that reached a mailbox, the first one first. */
  async function noticesTo(email: string): Promise<string[]> {
    await sendMails(auth);
    const notices = auth.mailer.sent.filter((mail) => 'at' in mail && mail.to === email);
    return notices.map((mail) => ('token' in mail ? mail.token : ''));
  }

  async function resetByMail(newPassword: string): Promise<void> {
    await requestPasswordReset(auth, { email: ours, client: localClient });
    const mail = (await sendMails(auth)).find(({ kind }) => kind === 'reset');
    const resetToken = mail && 'token' in mail ? mail.token : '';
    await resetPassword(auth, { email: ours, resetToken, newPassword, client: localClient });
  }

  const count = async (table: string) => (await auth.database.read(table).select()).length;

  it.each(cases)(
    'is its owner’s again after $order, with addresses $emailVerification',
    async ({ order, emailVerification }) => {
      await open(emailVerification);
      await logInUser(auth, credentials);
      const thief = await steal();
      for (const name of order) {
        await acts[name](auth, thief);
        auth.clock.advance(60_000);
        await sendMails(auth);
      }
      const [first = ''] = await noticesTo(ours);
      const theirNotices = await noticesTo(theirs);
      await notMe(auth, { token: first, client: localClient });

      // Alone: the thief has no session, and no way to another.
      expect([await count('sessions'), await count('devices'), await count('pending_logins')]).toEqual([0, 0, 0]);
      for (const email of [ours, theirs]) {
        for (const password of [credentials.password, thief.password]) {
          auth.clock.advance(HOUR_MS);
          await expect(logIn(auth, { email, password, client: elsewhere })).rejects.toEqual(
            refusal('invalid_credentials'),
          );
        }
      }
      for (const token of theirNotices) {
        await expect(notMe(auth, { token, client: elsewhere })).rejects.toEqual(refusal('invalid_not_me_token'));
      }

      // The owner is, by the old mailbox.
      await resetByMail('the owner’s password');
      const { user, session } = await logInUser(auth, { ...credentials, password: 'the owner’s password' });
      expect(user).toMatchObject({ email: ours, emailVerified: true });
      expect(session.methods).toEqual(['password']);
      expect(await count('totp_factors')).toBe(0);
      expect(await auth.database.read('one_time_tokens').whereNot({ purpose: 'not_me' }).select()).toEqual([]);
    },
  );

  describe('with addresses off', () => {
    beforeEach(() => open('off'));

    it('is not voided by the thief: not by a reset, nor by “not me” of a later notice', async () => {
      const thief = await steal();
      await acts.email(auth, thief);
      auth.clock.advance(60_000);
      await requestPasswordReset(auth, { email: theirs, client: elsewhere });
      const [mail] = (await sendMails(auth)).filter(({ kind }) => kind === 'reset');
      const resetToken = mail && 'token' in mail ? mail.token : '';
      await resetPassword(auth, { email: theirs, resetToken, newPassword: 'another password', client: elsewhere });
      const [their = ''] = await noticesTo(theirs);
      await notMe(auth, { token: their, client: elsewhere });
      const [own = ''] = await noticesTo(ours);
      await notMe(auth, { token: own, client: localClient });
      await resetByMail('the owner’s password');
      await logInUser(auth, { ...credentials, password: 'the owner’s password' });
    });

    it('keeps the address that it left from all others, for as long as the link is good', async () => {
      await acts.email(auth, await steal());
      const [token = ''] = await noticesTo(ours);
      await expect(register(auth, { ...credentials, client: elsewhere })).rejects.toEqual(refusal('email_taken'));
      auth.clock.advance(72 * HOUR_MS - 1);
      await expect(register(auth, { ...credentials, client: elsewhere })).rejects.toEqual(refusal('email_taken'));
      auth.clock.advance(1);
      await expect(notMe(auth, { token, client: localClient })).rejects.toEqual(refusal('invalid_not_me_token'));
      await registerUser(auth, { ...credentials, client: elsewhere });
    });

    it('loses the factor that its own notice is about, though time passes between the two', async () => {
      const clock = {
        ...auth.clock,
        now: () => {
          auth.clock.advance(1);
          return auth.clock.now();
        },
      };
      await acts.factor({ ...auth, clock }, await steal());
      const [token = ''] = await noticesTo(ours);
      await notMe(auth, { token, client: localClient });
      expect(await count('totp_factors')).toBe(0);
    });

    it('is not taken back while it is disabled, and the link stays good', async () => {
      await acts.password(auth, await steal());
      const [token = ''] = await noticesTo(ours);
      await disableUser(auth, ours);
      await expect(notMe(auth, { token, client: localClient })).rejects.toEqual(refusal('invalid_not_me_token'));
      await enableUser(auth, ours);
      await notMe(auth, { token, client: localClient });
    });

    it('keeps a factor that was there before', async () => {
      const { app, session } = await enrol(auth, credentials);
      await sendMails(auth);
      auth.clock.advance(HOUR_MS);
      const change = {
        session,
        client: elsewhere,
        currentPassword: credentials.password,
        newPassword: 'another password',
      };
      await changePassword(auth, { ...change, code: app.nextCode() });
      const token = (await noticesTo(ours)).at(-1) ?? '';
      await notMe(auth, { token, client: localClient });
      await resetByMail('the owner’s password');
      expect(await logIn(auth, { ...credentials, password: 'the owner’s password' })).toHaveProperty(
        'secondFactorToken',
      );
    });

    it('loses the recovery codes that were made since, and keeps its factor and those from before', async () => {
      const { app, session } = await enrol(auth, credentials);
      await sendMails(auth);
      auth.clock.advance(HOUR_MS);
      const clock = {
        ...auth.clock,
        now: () => {
          auth.clock.advance(1);
          return auth.clock.now();
        },
      };
      const change = { session, client: elsewhere, password: credentials.password };
      await changePassword(auth, {
        ...change,
        currentPassword: credentials.password,
        newPassword: credentials.password,
        code: app.nextCode(),
      });
      const tokens = await noticesTo(ours);
      await notMe(auth, { token: tokens.at(-1) ?? '', client: localClient });
      expect(await count('recovery_codes')).toBe(10);
      await resetByMail(credentials.password);
      const pending = await logIn(auth, credentials);
      const secondFactorToken = 'secondFactorToken' in pending ? pending.secondFactorToken : '';
      const { token } = await logInWithCode(auth, { secondFactorToken, code: app.nextCode(), client: localClient });
      const again = { ...change, session: await authenticate(auth, token) };
      auth.clock.advance(HOUR_MS);
      await renewRecoveryCodes({ ...auth, clock }, { ...again, code: app.nextCode() });
      await notMe(auth, { token: (await noticesTo(ours)).at(-1) ?? '', client: localClient });
      expect(await count('recovery_codes')).toBe(0);
      expect(await count('totp_factors')).toBe(1);
    });

    it('is opened by a reset by mail or the operator, and by nothing else', async () => {
      const thief = await steal();
      await acts.password(auth, thief);
      const { resetToken } = await issueResetTokenFor(auth, ours);
      const [token = ''] = await noticesTo(ours);
      await notMe(auth, { token, client: localClient });
      const reset = { email: ours, resetToken, newPassword: 'another password', client: elsewhere };
      await expect(resetPassword(auth, reset)).rejects.toEqual(refusal('invalid_reset_token'));
      await expect(issueResetTokenFor(auth, ours)).rejects.toThrow('locked');
      const theirLogin = () => logIn(auth, { ...credentials, password: thief.password });
      await expect(theirLogin()).rejects.toEqual(new AuthError('invalid_credentials'));
      await unlockUser(auth, ours);
      await theirLogin();
    });

    it('is taken back once by each link, of many at once', async () => {
      const thief = await steal();
      await acts.password(auth, thief);
      const [token = ''] = await noticesTo(ours);
      const ends = await Promise.allSettled(
        Array.from({ length: 50 }, () => notMe(auth, { token, client: localClient })),
      );
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(auth.events.filter(({ type }) => type === 'account_locked')).toHaveLength(1);
    });

    it.each(['', 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', 'a reset token'])(
      'is not taken by the token "%s"',
      async (one) => {
        let token = one;
        if (one === 'a reset token') ({ resetToken: token } = await issueResetTokenFor(auth, ours));
        await expect(notMe(auth, { token, client: elsewhere })).rejects.toEqual(refusal('invalid_not_me_token'));
        expect(auth.events.at(-1)?.type).toBe('not_me_refused');
      },
    );
  });
});
