import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError } from '../errors.ts';
import { localClient as client, createTestAuth, logInUser, sendMails, type TestAuth } from '../testing/index.ts';
import { importUsers } from './import-users.ts';
import { disableUser } from './operator.ts';
import { changeEmail, findPendingEmail } from './own-account.ts';
import { register } from './register.ts';
import { requestEmailVerification, verifyEmail } from './verify-email.ts';

const email = 'Ada@example.com';
const key = 'ada@example.com';
const password = 'correct horse battery';
const registration = { email, password: 'typed at registration', client };
const invalid = new AuthError('invalid_verification_token');
const HOUR_MS = 3_600_000;

describe('where addresses must be proven', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({ emailVerification: 'required', resetDelivery: 'smtp', sendsMail: true });
  });
  afterEach(() => auth.close());

  const lastToken = () => {
    const mail = auth.mailer.sent.at(-1);
    return mail && 'token' in mail ? mail.token : '';
  };
  const askToRegister = async () => {
    await register(auth, registration);
    await sendMails(auth);
    return lastToken();
  };
  const verify = (verificationToken: string, changed: object = {}) =>
    verifyEmail(auth, { email, verificationToken, password, client, ...changed });
  const makeAccount = async () => verify(await askToRegister());
  const types = () => auth.events.map(({ type }) => type);

  it('a registration makes no account, hashes nothing, and keeps no password', async () => {
    expect(await register(auth, registration)).toEqual({ email, user: undefined });
    expect(auth.hasher.counts).toEqual({ hash: 0, verify: 0 });
    expect(await auth.database.read('users')).toEqual([]);
    const kept = JSON.stringify([await auth.database.read('mails'), await auth.database.read('events')]);
    expect(kept).not.toContain('typed');
    await expect(logInUser(auth, registration)).rejects.toEqual(new AuthError('invalid_credentials'));
    expect(types()).toEqual(['registration_requested', 'login_failed']);
  });

  it('a registration holds the password to the rules', async () => {
    await expect(register(auth, { ...registration, password: key })).rejects.toMatchObject({
      code: 'password_rejected',
    });
    expect(await auth.database.read('mails')).toEqual([]);
  });

  it('the proof makes the account, with the password that is typed then', async () => {
    const token = await askToRegister();
    expect(auth.mailer.sent).toEqual([{ kind: 'registration', to: email, token, expiresInMs: 24 * HOUR_MS }]);
    auth.events.splice(0);
    const user = await verify(token);
    expect(user).toMatchObject({ email, emailKey: key, emailVerified: true, role: 'user' });
    expect(await auth.store.findUserByEmailKey(key)).toEqual(user);
    expect(types()).toEqual(['user_registered', 'email_verified']);
    await expect(logInUser(auth, registration)).rejects.toEqual(new AuthError('invalid_credentials'));
    await logInUser(auth, { email, password, client });
  });

  it('the owner logs in after the proof, however often a stranger guessed before', async () => {
    const home = { ...client, address: '192.0.2.1' };
    const token = await askToRegister();
    for (let index = 0; index < 8; index += 1) await logInUser(auth, registration).catch(() => undefined);
    await verify(token, { client: home });
    for (let index = 0; index < 8; index += 1) await logInUser(auth, registration).catch(() => undefined);
    await logInUser(auth, { email, password, client: home });
  });

  it.each([
    ['an unknown token', 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', {}],
    ['an empty token', '', {}],
    ['another address', undefined, { email: 'eve@example.com' }],
  ])('the proof refuses %s, without hashing', async (_what, token, changed) => {
    const good = await askToRegister();
    await expect(verify(token ?? good, changed)).rejects.toEqual(invalid);
    expect(auth.hasher.counts).toEqual({ hash: 0, verify: 0 });
    expect(types().at(-1)).toBe('email_verification_refused');
    await verify(good);
  });

  it('the proof takes a token once, until its day is over, and never again when the clock is set back', async () => {
    const first = await askToRegister();
    auth.clock.advance(24 * HOUR_MS - 1);
    const second = await askToRegister();
    await verify(first);
    for (const token of [first, second]) await expect(verify(token)).rejects.toEqual(invalid);
    const late = { email: 'late@example.com' };
    await register(auth, { ...registration, ...late });
    await sendMails(auth);
    const token = lastToken();
    auth.clock.advance(24 * HOUR_MS);
    await expect(verify(token, late)).rejects.toEqual(invalid);
    auth.clock.advance(-HOUR_MS);
    await expect(verify(token, late)).rejects.toEqual(invalid);
  });

  it('the proof refuses a weak password, and the token stays good', async () => {
    const token = await askToRegister();
    await expect(verify(token, { password: 'short' })).rejects.toMatchObject({ code: 'password_rejected' });
    await verify(token);
  });

  it('lets ten proofs a minute pass from one address, and three requests for a mail', async () => {
    const remote = { ...client, address: '192.0.2.1' };
    for (let index = 0; index < 10; index += 1) await verify('no', { client: remote }).catch(() => undefined);
    const throttled = { code: 'rate_limited', throttled: 'email_verification' };
    await expect(verify('no', { client: remote })).rejects.toMatchObject(throttled);
    for (let index = 0; index < 3; index += 1) await requestEmailVerification(auth, { email, client: remote });
    await expect(requestEmailVerification(auth, { email, client: remote })).rejects.toMatchObject(throttled);
  });

  it('the owner of an address that is registered again is sent a mail, of a disabled account nothing', async () => {
    await makeAccount();
    auth.mailer.sent.splice(0);
    await register(auth, { ...registration, email: 'ADA@example.com' });
    expect(await sendMails(auth)).toEqual([{ kind: 'account_exists', to: email }]);
    await disableUser(auth, email);
    await register(auth, registration);
    expect(await sendMails(auth)).toEqual([]);
  });

  it('requests are answered by the same statements for any address', async () => {
    await makeAccount();
    await register(auth, { ...registration, email: 'pending@example.com' });
    await importUsers(
      auth,
      ['imported', 'off'].map((name) => ({ email: `${name}@example.com`, passwordHash: 'x' })),
    );
    await disableUser(auth, 'off@example.com');
    const statements: string[] = [];
    for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
    const of = async (request: (address: string) => Promise<unknown>, name: string) => {
      await request(`${name}@example.com`);
      return statements.splice(0);
    };
    for (const request of [
      (address: string) => register(auth, { ...registration, email: address }),
      (address: string) => requestEmailVerification(auth, { email: address, client }),
    ]) {
      const unknown = await of(request, 'unknown');
      expect(unknown).not.toEqual([]);
      for (const name of ['ada', 'pending', 'imported', 'off']) expect(await of(request, name)).toEqual(unknown);
    }
  });

  it('a mail that is asked for again brings another good token', async () => {
    const first = await askToRegister();
    expect(await requestEmailVerification(auth, { email, client })).toBe(email);
    await sendMails(auth);
    expect(lastToken()).not.toBe(first);
    await verify(first);
    expect(await requestEmailVerification(auth, { email: 'ADA@example.com', client })).toBe('ADA@example.com');
    expect(await sendMails(auth)).toEqual([{ kind: 'account_exists', to: email }]);
  });

  it('a request for a mail sends nothing while no proof is required, or registration is not open', async () => {
    const off = { ...auth, policy: { ...auth.policy, emailVerification: 'off' as const } };
    await requestEmailVerification(off, { email, client });
    await requestEmailVerification(auth, { email, client });
    for (const registration of ['invited', 'closed'] as const) {
      expect(await sendMails({ ...auth, policy: { ...auth.policy, registration } })).toEqual([]);
    }
  });

  describe('a change of email', () => {
    const newEmail = 'Countess@example.com';

    const askToMove = async (changed: object = {}) => {
      const { session, token } = await logInUser(auth, { email, password, client });
      const actor = { session: { ...session, email }, client };
      const answer = await changeEmail(auth, { ...actor, password, newEmail, ...changed });
      await sendMails(auth);
      return { answer, session: token };
    };
    const tokens = () => auth.mailer.sent.flatMap((mail) => (mail.kind === 'email_change' ? mail.token : []));

    beforeEach(async () => {
      await makeAccount();
      auth.mailer.sent.splice(0);
      auth.events.splice(0);
    });

    it('is in force once it is proven, and leaves sessions and the password as they are', async () => {
      const { answer } = await askToMove();
      expect(answer).toEqual({ email, isPending: true });
      expect(auth.mailer.sent).toMatchObject([
        { kind: 'email_change', to: newEmail, token: tokens()[0], expiresInMs: 24 * HOUR_MS },
        { kind: 'email_change_notice', to: email },
      ]);
      await expect(verify(tokens()[0] ?? '')).rejects.toEqual(invalid);
      const moved = await verify(tokens()[0] ?? '', { email: newEmail });
      expect(moved).toMatchObject({ email: newEmail, emailKey: 'countess@example.com', emailVerified: true });
      expect(await auth.store.findUserByEmailKey('countess@example.com')).toEqual(moved);
      expect(await auth.store.listSessions(moved.id)).toHaveLength(1);
      expect(types().filter((type) => type.startsWith('email'))).toEqual([
        ...['email_change_requested', 'email_verification_refused', 'email_changed', 'email_verified'],
      ]);
      await logInUser(auth, { email: newEmail, password, client });
    });

    it('answers and writes alike when the address is taken, and tells its owner', async () => {
      await register(auth, { ...registration, email: 'taken@example.com' });
      await sendMails(auth);
      await verify(lastToken(), { email: 'taken@example.com' });
      auth.mailer.sent.splice(0);
      const statements: string[] = [];
      auth.database.write.on('query', ({ sql }) => statements.push(sql));
      const { session } = await logInUser(auth, { email, password, client });
      const actor = { session: { ...session, email }, client, password };
      statements.splice(0);
      const free = await changeEmail(auth, { ...actor, newEmail });
      const ofFree = statements.splice(0);
      expect(await changeEmail(auth, { ...actor, newEmail: 'taken@example.com' })).toEqual(free);
      expect(statements).toEqual(ofFree);
      expect(await sendMails(auth)).toMatchObject([
        { kind: 'email_change_notice', to: email },
        { kind: 'account_exists', to: 'taken@example.com' },
        { kind: 'email_change_notice', to: email },
      ]);
    });

    it('is shown as pending for a day, whether or not the address is taken', async () => {
      await register(auth, { ...registration, email: 'taken@example.com' });
      await sendMails(auth);
      await verify(lastToken(), { email: 'taken@example.com' });
      const { id: userId } = (await auth.store.findUserByEmailKey(key)) ?? { id: '' };
      const pending = () => findPendingEmail(auth, { userId });
      expect(await pending()).toBeUndefined();
      for (const address of ['taken@example.com', newEmail]) {
        const { session } = await logInUser(auth, { email, password, client });
        await changeEmail(auth, { session: { ...session, email }, client, password, newEmail: address });
        expect(await pending()).toBe(address);
        await sendMails(auth);
        auth.clock.advance(24 * HOUR_MS - 1);
        expect(await pending()).toBe(address);
        auth.clock.advance(1);
        expect(await pending()).toBeUndefined();
        auth.clock.advance(-1);
      }
      await verify(tokens()[0] ?? '', { email: newEmail });
      expect(await pending()).toBeUndefined();
    });

    it('replaces one that was asked for before', async () => {
      await askToMove();
      await askToMove({ newEmail: 'other@example.com' });
      const [first = '', second = ''] = tokens();
      await expect(verify(first, { email: newEmail })).rejects.toEqual(invalid);
      await verify(second, { email: 'other@example.com' });
    });

    it('is refused when the address was taken meanwhile', async () => {
      await askToMove();
      await register(auth, { ...registration, email: newEmail });
      await sendMails(auth);
      await verify(lastToken(), { email: newEmail, password: 'another password' });
      await expect(verify(tokens()[0] ?? '', { email: newEmail })).rejects.toEqual(invalid);
      expect(await auth.store.findUserByEmailKey(key)).toMatchObject({ email });
    });

    it('counts a wrong password like any confirmation', async () => {
      await askToMove();
      const wrong = () => verify(tokens()[0] ?? '', { email: newEmail, password: 'wrong' });
      for (let index = 0; index < 5; index += 1) {
        await expect(wrong()).rejects.toEqual(new AuthError('invalid_credentials', { message: 'wrong password' }));
      }
      await expect(wrong()).rejects.toMatchObject({ code: 'rate_limited', throttled: 'confirmation' });
      auth.clock.advance(1000);
      await verify(tokens()[0] ?? '', { email: newEmail });
    });

    it('to another spelling of the own address needs its proof too', async () => {
      await askToMove({ newEmail: 'ADA@example.com' });
      expect(await verify(tokens()[0] ?? '', { email: 'ADA@example.com' })).toMatchObject({ email: 'ADA@example.com' });
    });
  });
});
