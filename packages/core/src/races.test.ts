import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inviteUser } from './accounts/invitations.ts';
import { changeEmail } from './accounts/own-account.ts';
import { register } from './accounts/register.ts';
import { verifyEmail } from './accounts/verify-email.ts';
import { CLOCK_SKEW_MS } from './clock-skew.ts';
import { AuthError } from './errors.ts';
import { beginTotp, enableTotp } from './factors/enable-totp.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { resetPassword } from './passwords/reset-password.ts';
import type { AuthPorts } from './ports.ts';
import { authenticate } from './sessions/authenticate.ts';
import { logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { logInWithCode } from './sessions/second-factor.ts';
import { createTestAuth, localClient, logInUser, sendMails, type TestAuth, testDialects } from './testing/index.ts';
import { createTestApp, type Enrolled, enrol } from './testing/second-factor.ts';
import { digestSecret } from './tokens/digest.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const MANY = 50;

/** How many were done, and how many refused with each code. */
async function ends(attempts: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const refused = (error: unknown) => (error instanceof AuthError ? error.code : String(error));
  const reached = await Promise.all(attempts.map((attempt) => attempt.then(() => 'done', refused)));
  for (const end of reached) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

describe.each(testDialects)('many at once over $dialect', ({ open }) => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
  });
  afterEach(() => auth.close());

  const times = <T>(count: number, run: (index: number) => Promise<T>) =>
    Array.from({ length: count }, (_, i) => run(i));
  const count = async (table: string) => (await auth.database.read(table).select()).length;

  async function resetToken(): Promise<string> {
    const outcome = await requestPasswordReset(auth, credentials);
    return 'resetToken' in outcome ? outcome.resetToken : '';
  }

  it('register an email once', async () => {
    const attempts = times(MANY, (index) => register(auth, { ...credentials, password: `password number ${index}` }));
    expect(await ends(attempts)).toEqual({ done: 1, email_taken: MANY - 1 });
    expect(await count('users')).toBe(1);
    expect(auth.events.map(({ type }) => type)).toEqual(['user_registered']);
  });

  it('use a reset token once', async () => {
    await register(auth, credentials);
    const token = await resetToken();
    const attempts = times(MANY, (index) =>
      resetPassword(auth, { ...credentials, resetToken: token, newPassword: `password number ${index}` }),
    );
    expect(await ends(attempts)).toEqual({ done: 1, invalid_reset_token: MANY - 1 });
    const hashes = await auth.database.read('users').pluck('password_hash');
    expect(hashes).toEqual([expect.stringMatching(/^cheap:password number \d+$/)]);
    expect(auth.events.filter(({ type }) => type === 'password_reset_completed')).toHaveLength(1);
  });

  it('accept one invitation once', async () => {
    const { printed } = await inviteUser(auth, { email: credentials.email, role: 'admin' });
    const invitationToken = printed?.token ?? '';
    const attempts = times(MANY, (index) =>
      register(auth, { ...credentials, password: `password number ${index}`, invitationToken }),
    );
    expect(await ends(attempts)).toEqual({ done: 1, invalid_invitation_token: MANY - 1 });
    expect(await auth.database.read('users').pluck('role')).toEqual(['admin']);
    expect(auth.events.filter(({ type }) => type === 'invitation_accepted')).toHaveLength(1);
  });

  it('prove an address once, by any of its links', async () => {
    const proving = { ...auth, policy: { ...auth.policy, emailVerification: 'required' as const } };
    for (let asked = 0; asked < 3; asked += 1) await register(proving, credentials);
    const links = (await sendMails(proving)).map((mail) => ('token' in mail ? mail.token : ''));
    const attempts = times(MANY, (index) =>
      verifyEmail(proving, {
        ...{ email: credentials.email, verificationToken: links[index % 3] ?? '', client: localClient },
        password: `password number ${index}`,
      }),
    );
    expect(await ends(attempts)).toEqual({ done: 1, invalid_verification_token: MANY - 1 });
    expect(await count('users')).toBe(1);
    expect(auth.events.filter(({ type }) => type === 'email_verified')).toHaveLength(1);
  });

  it('move two accounts to one address, of which one gets there', async () => {
    const proving = { ...auth, policy: { ...auth.policy, emailVerification: 'required' as const } };
    const links: string[] = [];
    for (const email of ['one@example.com', 'two@example.com']) {
      await register(auth, { ...credentials, email });
      const { session } = await logInUser(auth, { ...credentials, email });
      const actor = { session: { ...session, email }, client: localClient };
      await changeEmail(proving, { ...actor, password: credentials.password, newEmail: credentials.email });
      links.push(...(await sendMails(proving)).map((mail) => ('token' in mail ? mail.token : '')));
    }
    const attempts = times(MANY, (index) =>
      verifyEmail(proving, { ...credentials, verificationToken: links.filter(Boolean)[index % 2] ?? '' }),
    );
    const { done, ...refused } = await ends(attempts);
    expect(done).toBe(1);
    expect(
      Object.keys(refused).filter((code) => !/^(invalid_verification_token|email_taken|rate_limited)$/.test(code)),
    ).toEqual([]);
    const keys = await auth.database.read('users').orderBy('email_key').pluck('email_key');
    expect(keys).toContain(credentials.email);
    expect(keys).toHaveLength(2);
  });

  it('let the owner’s reset or the change of email win, and never both', async () => {
    const proving = { ...auth, policy: { ...auth.policy, emailVerification: 'required' as const } };
    for (let round = 0; round < 10; round += 1) {
      const [email, newEmail] = [`user${round}@example.com`, `moved${round}@example.com`];
      await register(auth, { ...credentials, email });
      const { session } = await logInUser(auth, { ...credentials, email });
      const actor = { session: { ...session, email }, client: localClient };
      await changeEmail(proving, { ...actor, password: credentials.password, newEmail });
      const [change] = await sendMails(proving);
      const outcome = await requestPasswordReset(auth, { email, client: localClient });
      const token = 'resetToken' in outcome ? outcome.resetToken : '';
      const verificationToken = change && 'token' in change ? change.token : '';
      const racing = [
        () => resetPassword(auth, { email, resetToken: token, newPassword: 'new password', client: localClient }),
        () => verifyEmail(proving, { ...credentials, email: newEmail, verificationToken }),
      ];
      const { done } = await ends((round % 2 === 0 ? racing : racing.reverse()).map((run) => run()));
      expect(done).toBe(1);
    }
    expect(await auth.database.read('one_time_tokens').select()).toEqual([]);
  });

  it('send each mail once', async () => {
    const proving = { ...auth, policy: { ...auth.policy, emailVerification: 'required' as const } };
    const addresses = Array.from({ length: 30 }, (_, index) => `user${index}@example.com`);
    for (const email of addresses) await register(proving, { ...credentials, email });
    await Promise.all(times(8, () => sendMails(proving)));
    const to = auth.mailer.sent.map((mail) => mail.to).sort();
    expect(to).toEqual(addresses.sort());
    expect(auth.events.filter(({ type }) => type === 'mail_sent')).toHaveLength(30);
    expect(await auth.store.countOwedMails()).toBe(0);
  });

  /** Half-finished logins of one account, each at an address that the account knows. */
  async function pendingLogins(): Promise<{ enrolled: Enrolled; attempts: (code: string) => Promise<unknown>[] }> {
    await register(auth, credentials);
    const enrolled = await enrol(auth, credentials);
    const { userId } = enrolled.session;
    const now = auth.clock.now();
    const places = Array.from({ length: MANY }, (_, index) => ({ ...localClient, address: `192.0.2.${index + 1}` }));
    await auth.store.write(async (transaction) => {
      for (const [index, { address }] of places.entries()) {
        const pending = { digest: digestSecret(`login ${index}`), userId, tries: 0 };
        await transaction.insertPendingLogin({ ...pending, createdAt: now, expiresAt: now + 300_000 });
        await transaction.rememberAddress(userId, address, now, { isLogin: true });
      }
    });
    auth.events.splice(0);
    const attempts = (code: string) =>
      times(MANY, (index) =>
        logInWithCode(auth, { secondFactorToken: `login ${index}`, code, client: places[index] ?? localClient }),
      );
    return { enrolled, attempts };
  }

  it('use a code once, in as many logins as there are', async () => {
    const { enrolled, attempts } = await pendingLogins();
    expect(await ends(attempts(enrolled.app.code(1)))).toEqual({ done: 1, invalid_code: MANY - 1 });
    expect(await count('sessions')).toBe(2);
  });

  it('use a recovery code once, in as many logins as there are', async () => {
    const { enrolled, attempts } = await pendingLogins();
    expect(await ends(attempts(enrolled.recoveryCodes[0] ?? ''))).toEqual({ done: 1, invalid_code: MANY - 1 });
    expect([await count('sessions'), await count('recovery_codes')]).toEqual([2, 9]);
  });

  it('compare five codes in one login', async () => {
    const { attempts } = await pendingLogins();
    await ends(attempts('000000'));
    await auth.database.write('pending_logins').delete();
    await auth.database.write('throttles').delete();
    const now = auth.clock.now();
    const { id: userId = '' } = (await auth.store.findUserByEmailKey(credentials.email)) ?? {};
    const pending = { digest: digestSecret('one'), userId, tries: 0, createdAt: now, expiresAt: now + 300_000 };
    await auth.store.write((transaction) => transaction.insertPendingLogin(pending));
    const tries = times(MANY, (index) => {
      const client = { ...localClient, address: `192.0.2.${index + 1}` };
      return logInWithCode(auth, { secondFactorToken: 'one', code: '000000', client });
    });
    expect(await ends(tries)).toEqual({ invalid_code: 5, second_factor_expired: MANY - 5 });
  });

  it('enable one factor in one session', async () => {
    await register(auth, credentials);
    const { token } = await logInUser(auth, credentials);
    const session = await authenticate(auth, token);
    const { secret } = await beginTotp(auth, { session, client: localClient, password: credentials.password });
    const code = createTestApp(auth.clock, secret).code();
    const { done, ...refused } = await ends(
      times(MANY, () => enableTotp(auth, { session, client: localClient, code })),
    );
    expect(done).toBe(1);
    expect(
      Object.keys(refused).filter((end) => !/^(unauthenticated|no_pending_factor|factor_enabled)$/.test(end)),
    ).toEqual([]);
    expect([await count('totp_factors'), await count('recovery_codes'), await count('sessions')]).toEqual([1, 10, 1]);
  });

  it('let an enrolment or the reset win, and leave no session that knows the old password', async () => {
    for (let round = 0; round < 6; round += 1) {
      const own = { ...credentials, email: `user${round}@example.com` };
      await register(auth, own);
      const { token } = await logInUser(auth, own);
      const session = await authenticate(auth, token);
      const { secret } = await beginTotp(auth, { ...own, session });
      const outcome = await requestPasswordReset(auth, own);
      const reset = {
        ...own,
        resetToken: 'resetToken' in outcome ? outcome.resetToken : '',
        newPassword: 'new password',
      };
      const racing = [
        () => enableTotp(auth, { ...own, session, code: createTestApp(auth.clock, secret).code() }),
        () => resetPassword(auth, reset),
      ];
      const [enrolled, done] = round % 2 === 0 ? [0, 1] : [1, 0];
      const results = await Promise.allSettled((round % 2 === 0 ? racing : racing.reverse()).map((run) => run()));
      expect(results[done]?.status).toBe('fulfilled');
      const again = await logIn(auth, { ...own, password: 'new password' });
      expect('secondFactorToken' in again).toBe(results[enrolled]?.status === 'fulfilled');
      expect(await auth.database.read('sessions').where({ token_digest: session.tokenDigest })).toEqual([]);
      expect(await count('pending_totp')).toBe(0);
    }
    const open = await auth.database.read('sessions').select('methods');
    expect(open.filter(({ methods }) => methods !== 'password')).toEqual([]);
  });

  it('use a code once at instances whose clocks differ by as much as they may', async () => {
    await register(auth, credentials);
    const { app } = await enrol(auth, credentials);
    const finish = async (instance: AuthPorts, code: string) => {
      const pending = await logIn(instance, credentials);
      if (!('secondFactorToken' in pending)) throw new Error('no factor');
      return logInWithCode(instance, { ...pending, code, client: localClient });
    };
    const codes = [app.nextCode(), app.nextCode()];
    for (const [index, code] of codes.entries()) await finish(auth, code).catch(() => index);
    for (const behindMs of [30_000, 60_000, 90_000, CLOCK_SKEW_MS]) {
      const slow = { ...auth, clock: { now: () => auth.clock.now() - behindMs } };
      for (const code of [...codes, app.code(-2), app.code(-3)]) {
        await expect(finish(slow, code)).rejects.toEqual(expect.objectContaining({ code: 'invalid_code' }));
        await auth.database.write('throttles').delete();
      }
    }
  });

  it('end a session once', async () => {
    await register(auth, credentials);
    const { token } = await logInUser(auth, credentials);
    const attempts = times(10, () => logOut(auth, { token, client: localClient }));
    expect(await ends(attempts)).toEqual({ done: 1, unauthenticated: 9 });
  });

  it('leave no session that the old password opened, once a reset is done', async () => {
    await register(auth, credentials);
    for (let round = 0; round < 10; round += 1) {
      const [password, newPassword] = [`password number ${round}`, `password number ${round + 1}`];
      if (round === 0)
        await resetPassword(auth, { ...credentials, resetToken: await resetToken(), newPassword: password });
      const token = await resetToken();
      // As many logins as are let through at once for one account; the reset comes at another place
      // among them in each round.
      const logins = times(round % 5, () => logInUser(auth, { ...credentials, password }));
      const reset = resetPassword(auth, { ...credentials, resetToken: token, newPassword });
      logins.push(...times(4 - (round % 5), () => logInUser(auth, { ...credentials, password })));
      await Promise.all([reset, Promise.allSettled(logins)]);
      expect(await count('sessions')).toBe(0);
    }
  });

  it('let no more guesses pass than one after another would', async () => {
    await register(auth, credentials);
    const attempts = times(MANY, () => logInUser(auth, { ...credentials, password: 'wrong_password' }));
    expect(await ends(attempts)).toEqual({ invalid_credentials: 5, rate_limited: MANY - 5 });
    expect(auth.hasher.counts.verify).toBe(5);
  });
});
