import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inviteUser } from './accounts/invitations.ts';
import { changeEmail } from './accounts/own-account.ts';
import { register } from './accounts/register.ts';
import { verifyEmail } from './accounts/verify-email.ts';
import { AuthError } from './errors.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { resetPassword } from './passwords/reset-password.ts';
import { logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { createTestAuth, localClient, sendMails, type TestAuth, testDialects } from './testing/index.ts';

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
      const { session } = await logIn(auth, { ...credentials, email });
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
      const { session } = await logIn(auth, { ...credentials, email });
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

  it('end a session once', async () => {
    await register(auth, credentials);
    const { token } = await logIn(auth, credentials);
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
      const logins = times(round % 5, () => logIn(auth, { ...credentials, password }));
      const reset = resetPassword(auth, { ...credentials, resetToken: token, newPassword });
      logins.push(...times(4 - (round % 5), () => logIn(auth, { ...credentials, password })));
      await Promise.all([reset, Promise.allSettled(logins)]);
      expect(await count('sessions')).toBe(0);
    }
  });

  it('let no more guesses pass than one after another would', async () => {
    await register(auth, credentials);
    const attempts = times(MANY, () => logIn(auth, { ...credentials, password: 'wrong_password' }));
    expect(await ends(attempts)).toEqual({ invalid_credentials: 5, rate_limited: MANY - 5 });
    expect(auth.hasher.counts.verify).toBe(5);
  });
});
