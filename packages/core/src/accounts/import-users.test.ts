import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authEvent } from '../audit/event.ts';
import { adoptHash } from '../external/password-scheme.ts';
import { createTestAuth, localClient, type TestAuth } from '../testing/index.ts';
import { IMPORT_BATCH_SIZE, type ImportedUser, importUsers } from './import-users.ts';
import { register } from './register.ts';

const passwordHash = `$2y$10$${'/'.repeat(53)}`;

describe('importUsers', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    const started = await createTestAuth();
    auth = { ...started, hasher: { ...started.hasher, adopt: adoptHash } };
    await register(auth, { email: 'here@example.com', password: 'secure_password', client: localClient });
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  const batch: ImportedUser[] = [
    { email: 'New@example.com', passwordHash, createdAt: 5, disabledAt: 6 },
    { email: 'HERE@example.com', passwordHash },
    { email: 'new@EXAMPLE.com', passwordHash },
    { email: 'nobody', passwordHash },
    { email: 'plain@example.com', passwordHash: 'secure_password' },
    { email: 'second@example.com', passwordHash },
  ];
  const outcomes = [
    'imported',
    'exists',
    'exists',
    { refused: 'email must be an email address' },
    { refused: 'not a bcrypt hash ($2a$, $2b$ or $2y$)' },
    'imported',
  ];
  const keys = async () => (await auth.store.listUsers({ limit: 1000 })).map(({ emailKey }) => emailKey);

  it('takes in those that are new and sound, and says what became of each', async () => {
    expect(await importUsers(auth, batch)).toEqual(outcomes);
    expect(await keys()).toEqual(['here@example.com', 'new@example.com', 'second@example.com']);
    expect(await auth.store.findUserByEmailKey('new@example.com')).toEqual({
      id: expect.any(String),
      email: 'New@example.com',
      emailKey: 'new@example.com',
      passwordHash: `{bcrypt}${passwordHash}`,
      disabledAt: 6,
      role: 'user',
      emailVerified: false,
      createdAt: 5,
      updatedAt: auth.clock.now(),
    });
    expect(await auth.store.findUserByEmailKey('second@example.com')).toMatchObject({
      disabledAt: undefined,
      createdAt: auth.clock.now(),
    });
    expect(auth.events).toEqual([authEvent(auth.clock, 'users_imported', undefined, {}, '2 imported')]);
  });

  it('says the same of what it would do, and writes nothing', async () => {
    expect(await importUsers(auth, batch, { dryRun: true })).toEqual(outcomes);
    expect(await keys()).toEqual(['here@example.com']);
    expect(auth.events).toEqual([]);
  });

  it('changes nothing when it is done again', async () => {
    await importUsers(auth, batch);
    auth.events.splice(0);
    const again = await importUsers(
      auth,
      batch.map((user) => ({ ...user, createdAt: 99 })),
    );
    expect(again.map((outcome) => (typeof outcome === 'string' ? outcome : 'refused'))).toEqual([
      ...['exists', 'exists', 'exists', 'refused', 'refused', 'exists'],
    ]);
    expect((await auth.store.findUserByEmailKey('new@example.com'))?.createdAt).toBe(5);
    expect(auth.events).toEqual([]);
  });

  it('takes a whole batch, and an empty one', async () => {
    const whole = Array.from({ length: IMPORT_BATCH_SIZE }, (_, index) => ({
      email: `u${index}@example.com`,
      passwordHash,
    }));
    expect(new Set(await importUsers(auth, whole))).toEqual(new Set(['imported']));
    expect(await keys()).toHaveLength(IMPORT_BATCH_SIZE + 1);
    expect(await importUsers(auth, [])).toEqual([]);
  });
});
