import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError } from './errors.ts';
import { authEvent } from './event.ts';
import { disableUser } from './operate.ts';
import type { ResetDelivery } from './password-reset.ts';
import { register } from './register.ts';
import { requestPasswordReset } from './request-password-reset.ts';
import { digestSecret } from './secret.ts';
import { createTestAuth, localClient, type TestAuth } from './testing.ts';
import type { User } from './user.ts';

const credentials = { email: 'User@example.com', password: 'secure_password', client: localClient };
const request = { email: 'user@EXAMPLE.com', client: localClient };
const unknown = { email: 'Nobody@example.com', client: localClient };

describe('requestPasswordReset', () => {
  let auth: TestAuth;
  let user: User;

  async function start(resetDelivery: ResetDelivery) {
    auth = await createTestAuth({ resetDelivery });
    user = await register(auth, credentials);
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
      expect(await rows('reset_tokens')).toEqual([
        { user_id: user.id, token_digest: digestSecret(resetToken), created_at: now, expires_at: now + 600_000 },
      ]);
      const who = { userId: user.id, emailKey: user.emailKey };
      expect(auth.events).toEqual([authEvent(auth.clock, 'password_reset_requested', localClient, who)]);
    });

    it('voids the older token', async () => {
      await requestPasswordReset(auth, request);
      await requestPasswordReset(auth, request);
      expect(await rows('reset_tokens')).toMatchObject([
        { token_digest: digestSecret('00000000-0000-4000-8000-000000000003') },
      ]);
    });

    it.each([
      ['an unknown email', unknown, 'unknown_email'],
      ['an email that is none', { ...request, email: 'user' }, 'invalid_request'],
      [
        'whoever came through a proxy',
        { ...request, client: { ...localClient, proxied: true } },
        'reset_delivery_refused',
      ],
    ])('refuses %s, and writes nothing', async (_what, refused, code) => {
      await expect(requestPasswordReset(auth, refused)).rejects.toMatchObject({ name: 'AuthError', code });
      expect(await rows('reset_tokens')).toEqual([]);
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
      expect(await requestPasswordReset(auth, request)).toEqual({ delivery: 'elsewhere', email: 'user@EXAMPLE.com' });
      expect(await requestPasswordReset(auth, unknown)).toEqual({ delivery: 'elsewhere', email: 'Nobody@example.com' });
    });

    it('writes alike whether or not there is an account', async () => {
      const statements: string[] = [];
      for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
      await requestPasswordReset(auth, request);
      const known = statements.splice(0);
      await requestPasswordReset(auth, unknown);
      expect(statements).toEqual(known);
    });

    it('makes no token yet, and serves whoever came through a proxy', async () => {
      await requestPasswordReset(auth, { ...request, client: { ...localClient, proxied: true } });
      expect(await rows('reset_tokens')).toEqual([]);
    });
  });

  describe('delivered by mail', () => {
    beforeEach(() => start('smtp'));

    it('owes a mail, which holds no token', async () => {
      await requestPasswordReset(auth, request);
      const now = auth.clock.now();
      expect(await rows('outbox')).toEqual([
        {
          id: '00000000-0000-4000-8000-000000000002',
          user_id: user.id,
          attempts: 0,
          created_at: now,
          next_attempt_at: now,
        },
      ]);
    });

    it('owes five an hour to one account at most, and answers alike', async () => {
      for (let index = 0; index < 7; index += 1) {
        expect(await requestPasswordReset(auth, request)).toEqual({ delivery: 'elsewhere', email: 'user@EXAMPLE.com' });
      }
      expect(await rows('outbox')).toHaveLength(5);
      await requestPasswordReset(auth, unknown);
      expect(await rows('outbox')).toHaveLength(6);
      auth.clock.advance(3_600_000);
      await requestPasswordReset(auth, request);
      expect(await rows('outbox')).toHaveLength(7);
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
