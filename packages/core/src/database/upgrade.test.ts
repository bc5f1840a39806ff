import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disableUser, enableUser, issueResetTokenFor, setRole, verifyUser } from '../accounts/operator.ts';
import { AuthError } from '../errors.ts';
import { deleteExpired } from '../housekeeping.ts';
import { sendOwedMail } from '../mail/outbox.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { createSessionCache } from '../sessions/session-cache.ts';
import { createUncachedSessions } from '../sessions/uncached-sessions.ts';
import { createTestAuth, localClient, type TestAuth, type TestDatabase } from '../testing/index.ts';
import { createPostgresTestDatabase } from '../testing/postgres.ts';
import { digestSecret } from '../tokens/digest.ts';
import type { Database } from './database.ts';
import { migrationConfig } from './migrate.ts';
import { openPostgresDatabase } from './postgres/open.ts';
import { openSqliteDatabase } from './sqlite/open.ts';

const email = 'user@example.com';
const credentials = { email, password: 'secure_password', client: localClient };
const newPassword = 'new_secure_password';
const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const invalid = new AuthError('invalid_reset_token');

/** As version 1.0.0 leaves a database. */
async function makeOld(database: Database): Promise<void> {
  const { migrationSource: all } = migrationConfig;
  if (!all) throw new Error('the migrations are modules');
  const migrationSource: Knex.MigrationSource<unknown> = {
    ...all,
    getMigrations: async (extensions) => (await all.getMigrations(extensions)).slice(0, 2),
  };
  await database.write.transaction((trx) => trx.migrate.latest({ ...migrationConfig, migrationSource }));
}

async function openSqlite(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'authsvc-core-'));
  const database = await openSqliteDatabase(join(folder, 'authsvc.db'));
  await makeOld(database);
  const close = async () => {
    await database.close();
    await rm(folder, { recursive: true });
  };
  return { ...database, createSessions: createSessionCache, close };
}

async function openPostgres(): Promise<TestDatabase> {
  const { url } = await createPostgresTestDatabase();
  const database = await openPostgresDatabase({ url });
  await makeOld(database);
  return { ...database, createSessions: createUncachedSessions };
}

describe.each([
  ['SQLite', openSqlite],
  ['PostgreSQL', openPostgres],
])('a database of version 1.0.0, on %s', (_dialect, open) => {
  let auth: TestAuth;
  let userId: string;

  /** What an instance of version 1.0.0 does, before the upgrade and beside a newer one. */
  const old = {
    register: async (id: string, address: string) => {
      const now = auth.clock.now();
      const row = {
        id,
        email: address,
        email_key: address,
        password_hash: await auth.hasher.hash(credentials.password),
        created_at: now,
        updated_at: now,
      };
      await auth.database.write('users').insert(row);
    },
    logIn: async (sessionToken: string) => {
      const now = auth.clock.now();
      const row = {
        token_digest: digestSecret(sessionToken),
        id: '2c9b8f0e-7d0e-4c53-9f0e-3f0a1d6b7c11',
        user_id: userId,
        created_at: now,
        last_used_at: now,
        expires_at: now + 600_000,
        address: '127.0.0.1',
      };
      await auth.database.write('sessions').insert(row);
    },
    issue: async (resetToken: string) => {
      const now = auth.clock.now();
      const row = {
        user_id: userId,
        token_digest: digestSecret(resetToken),
        created_at: now,
        expires_at: now + 600_000,
      };
      await auth.database.write('reset_tokens').insert(row).onConflict('user_id').merge();
    },
    knowAddress: async (network: string, at = auth.clock.now()) => {
      const row = { user_id: userId, network, last_login_at: at };
      await auth.database.write('known_addresses').insert(row).onConflict(['user_id', 'network']).merge();
    },
    oweMail: async () => {
      const now = auth.clock.now();
      const id = 'c7f0b1d2-4a83-4f0e-9b57-2d1e8f6a3c05';
      const row = { id, user_id: userId, attempts: 0, created_at: now, next_attempt_at: now };
      await auth.database.write('outbox').insert(row);
    },
    consume: async (resetToken: string) => {
      const found = auth.database.write('reset_tokens').where({ token_digest: digestSecret(resetToken) });
      return (await found.where('expires_at', '>', auth.clock.now()).delete()) === 1;
    },
  };
  const reset = (resetToken: string) => resetPassword(auth, { email, resetToken, newPassword, client: localClient });

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    userId = '5b0c1c9e-1f0a-4f6e-9d53-0d5f4a1f1c11';
    await old.register(userId, email);
    await old.logIn('a session');
    await old.issue(token);
    await old.oweMail();
    await old.knowAddress('192.0.2.1', auth.clock.now() - 5);
    expect(await auth.database.isMigrated()).toBe(false);
    await auth.database.migrate();
    expect(await auth.database.isMigrated()).toBe(true);
  });
  afterEach(() => auth.close());

  it('keeps its sessions, of accounts with the role user and an address that is not verified', async () => {
    expect(await authenticate(auth, 'a session')).toMatchObject({ userId, email, role: 'user', emailVerified: false });
    await setRole(auth, email, 'admin');
    expect(await authenticate(auth, 'a session')).toMatchObject({ userId, email, role: 'admin' });
  });

  it('sends the mails that an old instance owes, before the upgrade and after', async () => {
    for (const expected of ['sent', 'none'] as const) expect(await sendOwedMail(auth)).toBe(expected);
    await old.oweMail();
    expect(await sendOwedMail(auth)).toBe('sent');
    const [first, second] = auth.mailer.sent;
    expect([first, second]).toMatchObject([
      { kind: 'reset', to: email },
      { kind: 'reset', to: email },
    ]);
    await reset(second && 'token' in second ? second.token : '');
  });

  it('stays without verification until it is chosen, for its accounts were made without a proof', async () => {
    expect(await auth.store.findDefault('email_verification')).toBe('off');
  });

  it('knows from which addresses its users logged in last', async () => {
    await old.knowAddress('192.0.2.1');
    expect(await auth.store.findLastLogins([userId])).toEqual(new Map([[userId, auth.clock.now() - 5]]));
  });

  it('takes an account that an old instance makes after the upgrade', async () => {
    const later = '8a7d3c52-0e39-4a37-8f5e-1f7b4d2c6e90';
    await old.register(later, 'later@example.com');
    expect(await auth.store.findUserById(later)).toMatchObject({ role: 'user', emailVerified: false });
  });

  it('keeps role and verification through what an old instance writes, a change of email too', async () => {
    await setRole(auth, email, 'admin');
    await verifyUser(auth, email);
    await auth.database.write('users').where({ id: userId }).update({ password_hash: 'changed', updated_at: 1 });
    const address = 'moved@example.com';
    await auth.database.write('users').where({ id: userId }).update({ email: address, email_key: address });
    expect(await auth.store.findUserById(userId)).toMatchObject({ email: address, role: 'admin', emailVerified: true });
  });

  it('keeps its reset token good, for one use', async () => {
    await reset(token);
    await expect(reset(token)).rejects.toEqual(invalid);
    expect(await old.consume(token)).toBe(false);
  });

  it('has one winner of fifty who use its token at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => reset(token)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes a token that an old instance makes after the upgrade, and none that it used up', async () => {
    const later = '6d1d50dd-4b34-4b9c-8f0c-2c4bbd1b3a11';
    await old.issue(later);
    await expect(reset(token)).rejects.toEqual(invalid);
    await reset(later);
    await old.issue(token);
    expect(await old.consume(token)).toBe(true);
    await expect(reset(token)).rejects.toEqual(invalid);
  });

  it('voids its token where one of a new instance is used, or the account is disabled', async () => {
    const outcome = await requestPasswordReset(auth, credentials);
    await reset('resetToken' in outcome ? outcome.resetToken : '');
    expect(await old.consume(token)).toBe(false);
    await old.issue(token);
    await disableUser(auth, email);
    await enableUser(auth, email);
    expect(await old.consume(token)).toBe(false);
  });

  it('keeps its token good beside others, an operator’s among them', async () => {
    await requestPasswordReset(auth, credentials);
    await issueResetTokenFor(auth, email);
    await reset(token);
  });

  it('leaves its token dead once it has expired', async () => {
    auth.clock.advance(600_000);
    await expect(reset(token)).rejects.toEqual(invalid);
    auth.clock.advance(-600_000);
    await expect(reset(token)).rejects.toEqual(invalid);
    await old.issue(token);
    auth.clock.advance(600_000);
    await deleteExpired(auth);
    expect(await auth.database.read('reset_tokens')).toEqual([]);
  });
});
