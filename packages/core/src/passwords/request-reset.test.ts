import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteUser, disableUser } from '../accounts/operator.ts';
import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { sendOwedMail } from '../mail/outbox.ts';
import type { ResetDelivery } from '../ports.ts';
import { createTestAuth, localClient, registerUser, type TestAuth } from '../testing/index.ts';
import { digestSecret } from '../tokens/digest.ts';
import { requestPasswordReset } from './request-reset.ts';

const credentials = { email: 'User@example.com', password: 'secure_password', client: localClient };
const request = { email: 'user@EXAMPLE.com', client: localClient };
const unknown = { email: 'Nobody@example.com', client: localClient };

describe('requestPasswordReset', () => {
  let auth: TestAuth;
  let user: User;

  async function start(resetDelivery: ResetDelivery) {
    auth = await createTestAuth({ resetDelivery });
    user = await registerUser(auth, credentials);
    auth.events.splice(0);
  }
  afterEach(() => auth.close());

  const rows = (table: string) => auth.database.read(table).select();

  describe('delivered in the response', () => {
    beforeEach(() => start('response'));

    it('hands out a token, of which it keeps the digest for ten minutes', async () => {
      const outcome = await requestPasswordReset(auth, request);
      const resetToken = '00000000-0000-4000-8000-000000000002';
      expect(outcome).toEqual({ delivery: 'response', email: 'User@example.com', resetToken });
      const now = auth.clock.now();
      expect(await rows('one_time_tokens')).toEqual([
        {
          ...{ digest: digestSecret(resetToken), purpose: 'reset', user_id: user.id, email_key: null },
          ...{ delivery: 'answered', payload: '{}', mailed_at: null, created_at: now, expires_at: now + 600_000 },
        },
      ]);
      expect(await rows('reset_tokens')).toEqual([]);
      const who = { userId: user.id, emailKey: user.emailKey };
      expect(auth.events).toEqual([authEvent(auth.clock, 'password_reset_requested', localClient, who)]);
    });

    it('keeps the newest five good, so that a stranger voids none by asking too', async () => {
      const tokens: string[] = [];
      for (let index = 0; index < 6; index += 1) {
        auth.clock.advance(1);
        const outcome = await requestPasswordReset(auth, request);
        tokens.push(outcome.delivery === 'response' ? outcome.resetToken : '');
      }
      const digests = await auth.database.read('one_time_tokens').pluck('digest');
      expect(new Set(digests)).toEqual(new Set(tokens.slice(1).map(digestSecret)));
    });

    it.each([
      ['disabled', disableUser],
      ['deleted', deleteUser],
    ])('refuses an account that is %s meanwhile, and keeps no token', async (_what, change) => {
      const findUserByEmailKey = async (key: string) => {
        const found = await auth.store.findUserByEmailKey(key);
        await change(auth, user.email);
        return found;
      };
      const store = { ...auth.store, findUserByEmailKey };
      await expect(requestPasswordReset({ ...auth, store }, request)).rejects.toEqual(
        new AuthError('unknown_email', { field: 'email' }),
      );
      expect(await rows('one_time_tokens')).toEqual([]);
      expect(auth.events.map(({ type }) => type)).not.toContain('password_reset_requested');
    });

    it.each([
      ['an unknown email', unknown, 'unknown_email'],
      ['an email that is none', { ...request, email: 'user' }, 'invalid_request'],
      [
        'a request through a proxy',
        { ...request, client: { ...localClient, proxied: true } },
        'reset_delivery_refused',
      ],
    ])('refuses %s, and writes nothing', async (_what, refused, code) => {
      await expect(requestPasswordReset(auth, refused)).rejects.toMatchObject({ name: 'AuthError', code });
      expect(await rows('one_time_tokens')).toEqual([]);
      expect(auth.events).toEqual([]);
    });

    it('refuses a disabled account', async () => {
      await disableUser(auth, user.email);
      await expect(requestPasswordReset(auth, request)).rejects.toEqual(
        new AuthError('unknown_email', { field: 'email' }),
      );
    });
  });

  describe.each(['smtp', 'operator'] as const)('delivered by %s', (delivery) => {
    beforeEach(() => start(delivery));

    it('answers alike whether or not there is an account, with the address as it was sent', async () => {
      expect(await requestPasswordReset(auth, request)).toEqual({ delivery, email: 'user@EXAMPLE.com' });
      expect(await requestPasswordReset(auth, unknown)).toEqual({ delivery, email: 'Nobody@example.com' });
    });

    it('writes alike whether or not there is an account', async () => {
      const statements: string[] = [];
      for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
      await requestPasswordReset(auth, request);
      const known = statements.splice(0);
      await requestPasswordReset(auth, unknown);
      expect(statements).toEqual(known);
    });

    it('is recorded as the account’s, if there is one', async () => {
      await requestPasswordReset(auth, request);
      await requestPasswordReset(auth, unknown);
      const recorded = await auth.store.listEvents({ limit: 9 });
      expect(recorded.filter(({ type }) => type === 'password_reset_requested')).toMatchObject([
        { userId: user.id, email: user.email, emailDigest: digestSecret(user.emailKey) },
        { userId: undefined, emailDigest: digestSecret('nobody@example.com') },
      ]);
    });

    it('makes no token yet, and serves requests through a proxy', async () => {
      await requestPasswordReset(auth, { ...request, client: { ...localClient, proxied: true } });
      expect(await rows('one_time_tokens')).toEqual([]);
    });
  });

  describe('delivered by mail', () => {
    beforeEach(() => start('smtp'));

    it('owes a mail, which holds no token', async () => {
      await requestPasswordReset(auth, request);
      const now = auth.clock.now();
      expect(await rows('mails')).toEqual([
        {
          ...{ id: '00000000-0000-4000-8000-000000000002', kind: 'reset', user_id: null, role: null },
          ...{ address: null, user_agent: null },
          ...{ email: 'user@EXAMPLE.com', email_key: 'user@example.com' },
          ...{ attempts: 0, created_at: now, next_attempt_at: now },
        },
      ]);
    });

    it('writes alike at the sixth request of an hour', async () => {
      const statements: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        await requestPasswordReset(auth, request);
        await requestPasswordReset(auth, unknown);
        await sendOwedMail(auth);
        await sendOwedMail(auth);
      }
      for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
      await requestPasswordReset(auth, request);
      const known = statements.splice(0);
      await requestPasswordReset(auth, unknown);
      expect(statements).toEqual(known);
    });
  });

  it('lets three a minute pass from one address', async () => {
    await start('response');
    const client = { ...localClient, address: '192.0.2.1' };
    for (let index = 0; index < 3; index += 1) await requestPasswordReset(auth, { ...request, client });
    await expect(requestPasswordReset(auth, { ...request, client })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 60,
    });
    expect(auth.events.map(({ type }) => type)).toEqual([
      ...Array.from({ length: 3 }, () => 'password_reset_requested'),
      'password_reset_throttled',
    ]);
  });
});
