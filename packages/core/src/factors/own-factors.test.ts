import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importUsers } from '../accounts/import-users.ts';
import { deleteUser, type ExportedUser, enableUser, exportUsers } from '../accounts/operator.ts';
import { changeEmail, deleteAccount } from '../accounts/own-account.ts';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import { changePassword } from '../passwords/change-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { logIn } from '../sessions/log-in.ts';
import { logOut } from '../sessions/log-out.ts';
import { logInWithCode } from '../sessions/second-factor.ts';
import type { ActiveSession } from '../sessions/session.ts';
import { createTestAuth, localClient, logInUser, registerUser, type TestAuth } from '../testing/index.ts';
import { createTestApp, enrol } from '../testing/second-factor.ts';
import { beginTotp, enableTotp, findPendingTotp } from './enable-totp.ts';
import { disableTotp, listFactors, renewRecoveryCodes } from './own-factors.ts';

const client = localClient;
const credentials = { email: 'user@example.com', password: 'secure_password', client };
const { password } = credentials;
const refusal = (code: AuthErrorCode) => expect.objectContaining({ code });

describe('a second factor', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await registerUser(auth, credentials);
  });
  afterEach(() => auth.close());

  async function open(): Promise<{ token: string; session: ActiveSession }> {
    const { token } = await logInUser(auth, credentials);
    return { token, session: await authenticate(auth, token) };
  }

  describe('that is enabled', () => {
    it('changes nothing before its code is shown', async () => {
      const { session } = await open();
      const { secret, email } = await beginTotp(auth, { session, client, password });
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      expect(email).toBe(credentials.email);
      expect(await listFactors(auth, session)).toEqual({ totp: undefined, recoveryCodes: 0 });
      await logInUser(auth, credentials);
    });

    it('ends every other session, and gives this one a new token and a method more', async () => {
      const [one, other] = [await open(), await open()];
      const { secret } = await beginTotp(auth, { session: one.session, client, password });
      const code = createTestApp(auth.clock, secret).code();
      const { token, recoveryCodes } = await enableTotp(auth, { session: one.session, client, code });
      expect(recoveryCodes).toHaveLength(10);
      for (const old of [one, other]) {
        await expect(authenticate(auth, old.token)).rejects.toEqual(refusal('unauthenticated'));
      }
      const { tokenDigest: _new, ...renewed } = await authenticate(auth, token);
      const { tokenDigest: _old, ...before } = one.session;
      expect(renewed).toEqual({ ...before, methods: ['password', 'totp'] });
      expect(await listFactors(auth, renewed)).toEqual({ totp: { enabledAt: auth.clock.now() }, recoveryCodes: 10 });
    });

    it('is named once, in a session that had one before', async () => {
      const { app, session } = await enrol(auth, credentials);
      await disableTotp(auth, { session, client, password, code: app.nextCode() });
      const { secret } = await beginTotp(auth, { session, client, password });
      const code = createTestApp(auth.clock, secret).code();
      const { token } = await enableTotp(auth, { session, client, code });
      expect((await authenticate(auth, token)).methods).toEqual(['password', 'totp']);
    });

    it('belongs to the session that began it', async () => {
      const [one, other] = [await open(), await open()];
      const { secret } = await beginTotp(auth, { session: one.session, client, password });
      const code = createTestApp(auth.clock, secret).code();
      expect(await findPendingTotp(auth, one.session)).toMatchObject({ secret });
      expect(await findPendingTotp(auth, other.session)).toBeUndefined();
      await expect(enableTotp(auth, { session: other.session, client, code })).rejects.toEqual(
        refusal('no_pending_factor'),
      );
      await logOut(auth, { token: one.token, client });
      await expect(enableTotp(auth, { session: one.session, client, code })).rejects.toEqual(
        refusal('no_pending_factor'),
      );
    });

    it('must be within ten minutes, by the secret that was shown last', async () => {
      const { session } = await open();
      const first = await beginTotp(auth, { session, client, password });
      const { secret } = await beginTotp(auth, { session, client, password });
      const app = createTestApp(auth.clock, secret);
      auth.clock.advance(600_000 - 1);
      const old = createTestApp(auth.clock, first.secret).code();
      await expect(enableTotp(auth, { session, client, code: old })).rejects.toEqual(refusal('invalid_code'));
      auth.clock.advance(1);
      await expect(enableTotp(auth, { session, client, code: app.code() })).rejects.toEqual(
        refusal('no_pending_factor'),
      );
    });

    it('says when the clock is wrong', async () => {
      const { session } = await open();
      const { secret } = await beginTotp(auth, { session, client, password });
      const code = createTestApp(auth.clock, secret).code(4);
      const refused = await enableTotp(auth, { session, client, code }).catch((error) => error);
      expect(refused.message).toContain('clock');
    });

    it('needs the password, and is there once', async () => {
      const { session } = await open();
      await expect(beginTotp(auth, { session, client, password: 'wrong' })).rejects.toEqual(
        refusal('invalid_credentials'),
      );
      const { session: renewed } = await enrol(auth, credentials);
      await expect(beginTotp(auth, { session: renewed, client, password })).rejects.toEqual(refusal('factor_enabled'));
    });

    it('needs a proven address where mails are sent', async () => {
      const mailing = { ...auth, policy: { ...auth.policy, sendsMail: true } };
      const { session } = await open();
      await expect(beginTotp(mailing, { session, client, password })).rejects.toEqual(refusal('email_not_verified'));
    });
  });

  describe('that an account has', () => {
    const changes: readonly [string, (session: ActiveSession, code?: string) => Promise<unknown>][] = [
      [
        'the password',
        (session, code) =>
          changePassword(auth, { session, client, currentPassword: password, code, newPassword: 'another_password' }),
      ],
      [
        'the email',
        (session, code) => changeEmail(auth, { session, client, password, code, newEmail: 'n@example.com' }),
      ],
      ['the factor', (session, code) => disableTotp(auth, { session, client, password, code })],
      ['recovery codes', (session, code) => renewRecoveryCodes(auth, { session, client, password, code })],
      ['deletion', (session, code) => deleteAccount(auth, { session, client, password, code })],
    ];

    it.each(changes)('must be shown for %s', async (_name, change) => {
      const { app, session, recoveryCodes } = await enrol(auth, credentials);
      auth.events.splice(0);
      const verified = auth.hasher.counts.verify;
      await expect(change(session)).rejects.toEqual(refusal('second_factor_required'));
      // Nothing is counted, and nothing hashed.
      expect([auth.events, auth.hasher.counts.verify]).toEqual([[], verified]);
      await expect(change(session, '000000')).rejects.toEqual(refusal('invalid_code'));
      await expect(change(session, app.code())).rejects.toEqual(
        new AuthError('invalid_code', { field: 'code', message: 'this code was used already: wait for the next one' }),
      );
      await expect(change(session, recoveryCodes[0]?.slice(1))).rejects.toEqual(refusal('invalid_code'));
      await change(session, app.nextCode());
    });

    it.each(changes)('is not used up by a wrong password for %s', async (_name, _change) => {
      const { app, session } = await enrol(auth, credentials);
      const code = app.nextCode();
      await expect(disableTotp(auth, { session, client, password: 'wrong', code })).rejects.toEqual(
        refusal('invalid_credentials'),
      );
      await disableTotp(auth, { session, client, password, code });
    });

    it('goes with its recovery codes, and a login needs none any more', async () => {
      const { app, session } = await enrol(auth, credentials);
      await disableTotp(auth, { session, client, password, code: app.nextCode() });
      expect(await listFactors(auth, session)).toEqual({ totp: undefined, recoveryCodes: 0 });
      await logInUser(auth, credentials);
      await expect(disableTotp(auth, { session, client, password, code: app.nextCode() })).rejects.toEqual(
        refusal('not_found'),
      );
    });

    it('has new recovery codes, which void the old ones', async () => {
      const { app, session, recoveryCodes } = await enrol(auth, credentials);
      const codes = await renewRecoveryCodes(auth, { session, client, password, code: recoveryCodes[0] });
      expect(codes).toHaveLength(10);
      const finish = async (code = '') => {
        const pending = await logIn(auth, credentials);
        if (!('secondFactorToken' in pending)) throw new Error('no factor');
        return logInWithCode(auth, { ...pending, code, client });
      };
      await expect(finish(recoveryCodes[1])).rejects.toEqual(refusal('invalid_code'));
      await finish(codes[1]);
      await finish(app.nextCode());
    });

    it('is in an export that asks for it, and works after an import', async () => {
      const { app, recoveryCodes } = await enrol(auth, credentials);
      for await (const user of exportUsers(auth)) expect(user.factors).toBeUndefined();
      const exported: ExportedUser[] = [];
      for await (const user of exportUsers(auth, { withFactors: true })) exported.push(user);
      await deleteUser(auth, credentials.email);
      const imported = exported.map(({ factors, secondFactorAt: enabledAt, ...user }) => ({
        ...user,
        ...(factors?.totp && { factors: { ...factors.totp, enabledAt, recoveryDigests: factors.recoveryDigests } }),
      }));
      expect(await importUsers(auth, imported)).toEqual(['imported']);
      const finish = async (code = '') => {
        const pending = await logIn(auth, credentials);
        if (!('secondFactorToken' in pending)) throw new Error('no factor');
        return logInWithCode(auth, { ...pending, code, client });
      };
      // The step that was used stays used.
      await expect(finish(app.code())).rejects.toEqual(refusal('invalid_code'));
      await finish(app.nextCode());
      await finish(recoveryCodes[3]);
    });

    it('waits with a disabled account that is taken in', async () => {
      const secret = 'MZXW6YTBMZXW6YTBMZXW6YTB';
      const email = 'new@example.com';
      const disabled = { email, passwordHash: `cheap:${password}`, disabledAt: 1, factors: { secret } };
      expect(await importUsers(auth, [disabled])).toEqual(['imported']);
      await expect(logIn(auth, { ...credentials, email })).rejects.toEqual(refusal('invalid_credentials'));
      await enableUser(auth, email);
      const pending = await logIn(auth, { ...credentials, email });
      if (!('secondFactorToken' in pending)) throw new Error('no factor');
      await logInWithCode(auth, { ...pending, code: createTestApp(auth.clock, secret).code(), client });
    });

    it.each([
      ['a secret that is too short', { secret: 'MZXW6YTB' }],
      ['a secret that is no base32', { secret: 'm1m1m1m1m1m1m1m1m1m1' }],
      ['a step that is no whole number', { secret: 'MZXW6YTBMZXW6YTBMZXW6YTB', lastStep: 1.5 }],
      ['a digest that is none', { secret: 'MZXW6YTBMZXW6YTBMZXW6YTB', recoveryDigests: ['ABCD-EFGH'] }],
    ])('is refused in an import with %s', async (_name, factors) => {
      const user = { email: 'new@example.com', passwordHash: 'cheap:secure_password', factors };
      expect(await importUsers(auth, [user])).toEqual([{ refused: expect.any(String) }]);
    });
  });
});
