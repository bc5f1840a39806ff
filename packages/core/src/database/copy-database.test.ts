import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { createTestAuth, localClient, logInUser, noListeners, type TestAuth, testDialects } from '../testing/index.ts';
import { openPostgresTestDatabase } from '../testing/postgres.ts';
import { copyDatabase } from './copy-database.ts';
import type { Database } from './database.ts';
import { createKnexStore } from './store.ts';
import { tables } from './tables.ts';

const client = { ...localClient, address: '192.0.2.1' };
const credentials = { email: 'user@example.com', password: 'secure_password', client };

describe('copyDatabase', () => {
  let source: TestAuth;
  let target: Database;

  beforeEach(async () => {
    source = await createTestAuth(
      { resetDelivery: 'smtp' },
      testDialects.find(({ dialect }) => dialect === 'sqlite')?.open,
    );
    target = await openPostgresTestDatabase();
    await register(source, credentials);
    await logInUser(source, credentials);
    await logInUser(source, { ...credentials, password: 'wrong_password' }).catch(() => undefined);
    await requestPasswordReset(source, credentials);
    const { id: userId } = (await source.store.findUserByEmailKey('user@example.com')) ?? { id: '' };
    const token = {
      digest: 'digest',
      userId,
      purpose: 'reset',
      delivery: 'mailed',
      createdAt: 1,
      expiresAt: 2,
    } as const;
    await source.store.write((transaction) => transaction.insertToken(token));
    const ofOldVersion = { token_digest: 'old', user_id: userId, created_at: 1, expires_at: 2 };
    await source.database.write('reset_tokens').insert(ofOldVersion);
    const owedByIt = { id: 'old', user_id: userId, attempts: 0, created_at: 1, next_attempt_at: 2 };
    await source.database.write('outbox').insert(owedByIt);
    await source.store.write(async (transaction) => {
      const [now, expiresAt] = [source.clock.now(), source.clock.now() + 60_000];
      const pending = { userId, createdAt: now, expiresAt };
      const session = await source.database.read('sessions').first('token_digest');
      const from = { address: '127.0.0.1', userAgent: 'test', lastLoginAt: now };
      await transaction.saveDevice({ ...pending, ...from, digest: 'device', id: 'device' }, 20);
      await transaction.reserveAddress(userId, 'left@example.com', expiresAt);
      await transaction.insertTotp({ userId, secret: 'MZXW6YTB', lastStep: 7 }, now);
      await transaction.replaceRecoveryCodes(userId, ['one', 'two'], now);
      await transaction.savePendingTotp({ ...pending, sessionDigest: session.token_digest, secret: 'MZXW6YTB' });
      await transaction.insertPendingLogin({ ...pending, digest: 'login', tries: 2 });
    });
    await source.database.write('defaults').insert({ setting: 'email_verification', value: 'off' });
  });
  afterEach(async () => {
    await source.close();
    await target.close();
  });

  const copy = () => copyDatabase(source.database, target, { targetName: 'auth at db.example.com' });
  const count = async (database: Database, table: string) => (await database.read(table).select()).length;
  const counts = (database: Database) => Promise.all(tables.map(({ name }) => count(database, name)));

  it('copies every table, and says what is in each', async () => {
    const copied = await copy();
    expect(copied).toEqual(
      await Promise.all(
        tables.map(async ({ name }) => ({
          table: name,
          rows: await count(source.database, name),
          digest: expect.stringMatching(/^[\da-f]{64}$/),
        })),
      ),
    );
    expect(copied.map(({ rows }) => rows)).not.toContain(0);
    expect(await counts(target)).toEqual(copied.map(({ rows }) => rows));
  });

  it('copies what the rules find again: users, sessions, counters', async () => {
    await copy();
    const store = createKnexStore(target, noListeners);
    const user = await source.store.findUserByEmailKey('user@example.com');
    expect(await store.findUserByEmailKey('user@example.com')).toEqual(user);
    expect(await store.listSessions(user?.id ?? '')).toEqual(await source.store.listSessions(user?.id ?? ''));
    for (const digest of ['digest', 'old']) {
      expect(await store.findToken(digest, ['reset'])).toMatchObject({ digest, userId: user?.id });
    }
    const keys = await source.database.read('throttles').pluck('key');
    expect(await store.findThrottles(keys)).toEqual(await source.store.findThrottles(keys));
    expect(await store.listEvents({ limit: 100 })).toEqual(await source.store.listEvents({ limit: 100 }));
  });

  it('goes on numbering events after those that were copied', async () => {
    await copy();
    const [last] = await target.read('events').max('id as id');
    await target.write('events').insert({ at: 1, type: 'user_registered' });
    expect(await target.read('events').where('id', '>', last?.id).pluck('id')).toEqual([last?.id + 1]);
  });

  it('changes nothing when it is done again, and finishes what was cut short', async () => {
    const first = await copy();
    expect(await copy()).toEqual(first);
    await target.write('events').where('id', '>', 1).delete();
    await target.write('sessions').delete();
    expect(await copy()).toEqual(first);
  });

  it('copies more rows than a batch holds', async () => {
    const users = Array.from({ length: 1201 }, (_, index) => ({
      id: `id-${index}`,
      email: `Ü${index}@example.com`,
      emailKey: `key-${index}`,
      passwordHash: 'hash',
      role: index % 3 === 0 ? 'admin' : 'user',
      emailVerified: index % 2 === 1,
      secondFactorAt: index % 5 === 0 ? index : undefined,
      lockedAt: index % 7 === 0 ? index : undefined,
      noticedSince: undefined,
      disabledAt: index % 2 === 0 ? undefined : index,
      createdAt: index,
      updatedAt: index,
    }));
    for (let start = 0; start < users.length; start += 400) {
      await source.store.write((transaction) => transaction.insertUsers(users.slice(start, start + 400)));
    }
    const progress: number[] = [];
    await copyDatabase(source.database, target, {
      targetName: 'auth',
      onProgress: ({ table, done }) => table === 'users' && progress.push(done),
    });
    expect(progress).toEqual([500, 1000, 1202]);
    expect(await count(target, 'users')).toBe(1202);
    const store = createKnexStore(target, noListeners);
    for (const user of [users.at(0), users.at(-1), users.at(-2)]) {
      expect(await store.findUserByEmailKey(user?.emailKey ?? '')).toEqual(user);
    }
  });

  it.each([
    ['an account of its own', { id: 'stranger', email_key: 'stranger@example.com' }],
    ['another account of the same email', { id: 'stranger', email_key: 'user@example.com' }],
  ])('refuses a database with %s, and writes nothing to it', async (_what, { id, email_key }) => {
    const stranger = { id, email: email_key, email_key, password_hash: 'hash', created_at: 1, updated_at: 1 };
    await target.write('users').insert(stranger);
    await expect(copy()).rejects.toThrow(
      'the database auth at db.example.com has rows of its own in the table users: copy to an empty one; nothing was written',
    );
    expect(await counts(target)).toEqual([1, ...tables.slice(1).map(() => 0)]);
  });

  it('refuses a database in which a row has changed since', async () => {
    await copy();
    await target.write('users').update({ password_hash: 'newer' });
    await expect(copy()).rejects.toThrow('has rows of its own in the table users');
    expect(await target.read('users').pluck('password_hash')).toEqual(['newer']);
  });

  it('notices what another wrote meanwhile', async () => {
    const copying = copyDatabase(source.database, target, {
      targetName: 'auth',
      onProgress: ({ table }) => {
        if (table === 'events')
          target
            .write('throttles')
            .delete()
            .then(undefined, () => undefined);
      },
    });
    await expect(copying).rejects.toThrow(
      /^the table throttles of auth is not the same as its source \(0 rows of \d\)/,
    );
  });
});
