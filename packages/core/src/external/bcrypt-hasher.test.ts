import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcrypt';
import { Piscina } from 'piscina';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSqliteDatabase } from '../database/sqlite/open.ts';
import { AuthError } from '../errors.ts';
import { createBcryptHasher, type HashTiming } from './bcrypt-hasher.ts';
import type { HashTask } from './hash-worker.ts';
import { hashPassword } from './password-scheme.ts';

describe('createBcryptHasher', () => {
  const hasher = createBcryptHasher({ cost: 10, workers: 2, maxWaitMs: 60_000 });
  afterAll(() => hasher.close());

  it('hashes at its cost, and verifies', async () => {
    const hash = await hasher.hash('secure_password');
    expect(hash).toMatch(/^\$2b\$10\$/);
    expect(await Promise.all([hasher.verify('secure_password', hash), hasher.verify('other_password', hash)])).toEqual([
      true,
      false,
    ]);
  });

  it('matches nothing where there is no hash', async () => {
    expect(await hasher.verify('secure_password', undefined)).toBe(false);
  });

  it('verifies what other systems wrote', async () => {
    const imported = hashPassword('secure_password', 4).replace('$2b$', '$2y$');
    expect(await hasher.verify('secure_password', imported)).toBe(true);
  });

  it('tells how many passwords wait and are hashed, and how long each took', async () => {
    const timings: HashTiming[] = [];
    const narrow = createBcryptHasher({ cost: 10, workers: 1, onHashed: (timing) => timings.push(timing) });
    try {
      const hashed = Promise.all([narrow.hash('first_password'), narrow.hash('second_password'), narrow.hash('third')]);
      expect(narrow.load()).toEqual({ waiting: 2, working: 1 });
      await hashed;
      expect(narrow.load()).toEqual({ waiting: 0, working: 0 });
      expect(timings).toHaveLength(3);
      for (const { hashMs } of timings) expect(hashMs).toBeGreaterThan(1);
      const [first, , last] = timings;
      // The last one waited while the two before it were hashed.
      expect(last?.waitMs).toBeGreaterThan((first?.hashMs ?? Number.NaN) + (timings[1]?.hashMs ?? Number.NaN) - 5);
    } finally {
      await narrow.close();
    }
  });

  it('wants a new hash for those of a lower cost alone', () => {
    const digest = hashPassword('secure_password', 4).slice('$2b$04$'.length);
    const costs = ['$2b$09$', '$2b$10$', '$2b$11$', '{hmac-sha384+bcrypt}$2b$09$', '$2y$09$'];
    expect(costs.map((prefix) => hasher.needsRehash(prefix + digest))).toEqual([true, false, false, true, true]);
  });

  it('compares with a well-formed hash of its own cost where there is none, which costs as much as any', async () => {
    const run = vi.spyOn(Piscina.prototype, 'run');
    await hasher.verify('secure_password', undefined);
    const [task] = run.mock.calls.map(([given]) => given as HashTask & { kind: 'verify' });
    run.mockRestore();
    expect(task).toEqual({
      kind: 'verify',
      password: 'secure_password',
      passwordHash: expect.stringMatching(/^\$2b\$10\$[./A-Za-z0-9]{53}$/),
    });
    // bcrypt gives the salt back as it reads it.
    const salt = task?.passwordHash.slice(0, 29) ?? '';
    expect(hashSync('secure_password', salt).slice(0, 29)).toBe(salt);
  });

  it('has places for what can be hashed in time, and promises room to one after the other of those it refuses', async () => {
    // At first the hasher expects 55 ms for each: while one is hashed, one more may wait.
    const narrow = createBcryptHasher({ cost: 10, workers: 1, maxWaitMs: 100 });
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    try {
      const places = [narrow.takePlace(), narrow.takePlace()];
      const refusals = Array.from({ length: 300 }, () => {
        try {
          return narrow.takePlace();
        } catch (error) {
          return (error as AuthError).retryAfterSeconds;
        }
      });
      expect([refusals[0], refusals[15], refusals[16], refusals[33], refusals[34]]).toEqual([1, 1, 2, 2, 3]);
      // No Retry-After is longer, however many are refused.
      expect(refusals.at(-1)).toBe(10);

      places.pop()?.[Symbol.dispose]();
      places.push(narrow.takePlace());
      expect(() => narrow.takePlace()).toThrow(AuthError);
      for (const place of places) place[Symbol.dispose]();
    } finally {
      clock.mockRestore();
      await narrow.close();
    }
  });

  it('has places for known browsers that no stranger takes, and as many', async () => {
    const narrow = createBcryptHasher({ cost: 10, workers: 1, maxWaitMs: 100 });
    const places = [narrow.takePlace(), narrow.takePlace()];
    expect(() => narrow.takePlace()).toThrow(AuthError);
    places.push(narrow.takePlace({ isKnown: true }), narrow.takePlace({ isKnown: true }));
    expect(() => narrow.takePlace({ isKnown: true })).toThrow(AuthError);
    places.pop()?.[Symbol.dispose]();
    expect(() => narrow.takePlace()).toThrow(AuthError);
    places.push(narrow.takePlace({ isKnown: true }));
    for (const place of places) place[Symbol.dispose]();
    await narrow.close();
  });

  it('hashes those of known browsers before all that wait, in the order in which they came', async () => {
    const narrow = createBcryptHasher({ cost: 10, workers: 1 });
    const settled: string[] = [];
    const verify = (name: string, isKnown: boolean) =>
      narrow.verify(name, undefined, { isKnown }).then(() => settled.push(name));
    const strangers = ['first', 'second', 'third'].map((name) => verify(name, false));
    await Promise.all([...strangers, ...['known', 'known too'].map((name) => verify(name, true))]);
    expect(settled).toEqual(['first', 'known', 'known too', 'second', 'third']);
    await narrow.close();
  });

  it('hashes in the order in which they came', async () => {
    const narrow = createBcryptHasher({ cost: 10, workers: 1 });
    const names = ['first', 'second', 'third', 'fourth', 'fifth'];
    const settled: string[] = [];
    await Promise.all(names.map((name) => narrow.verify(name, undefined).then(() => settled.push(name))));
    expect(settled).toEqual(names);
    await narrow.close();
  });

  it('refuses all who wait when there is no time left, and those who come later', async () => {
    const ending = createBcryptHasher({ cost: 12, workers: 1, maxWaitMs: 60_000 });
    const waiting = Array.from({ length: 3 }, () => ending.hash('secure_password'));
    ending.giveUp();
    const sentAway = new AuthError('overloaded', { retryAfterSeconds: 1 });
    for (const hash of waiting) await expect(hash).rejects.toEqual(sentAway);
    expect(() => ending.takePlace()).toThrow(sentAway);
    await ending.close();
  });

  it('finishes what is under way before it closes', async () => {
    const closing = createBcryptHasher({ cost: 10, workers: 1 });
    const hashes = Promise.all([closing.hash('one_password'), closing.hash('two_password')]);
    await closing.close();
    expect(await hashes).toEqual([expect.stringMatching(/^\$2b\$10\$/), expect.stringMatching(/^\$2b\$10\$/)]);
  });

  it('starts its workers on request, or with the first password', async () => {
    let workers = 0;
    const count = () => {
      workers += 1;
    };
    process.on('worker', count);
    const [idle, started, asked] = ['idle', 'started', 'asked'].map(() => createBcryptHasher({ cost: 10, workers: 1 }));
    await idle?.close();
    await started?.start();
    await started?.verify('a_password', undefined);
    expect(workers).toBe(1);
    await asked?.verify('a_password', undefined);
    expect(workers).toBe(2);
    process.off('worker', count);
    await Promise.all([started?.close(), asked?.close()]);
  });

  describe('beside other work', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'authsvc-hasher-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it('leaves the event loop, the file system and the database free', async () => {
      const file = join(folder, 'file');
      await writeFile(file, 'content');
      const database = await openSqliteDatabase(join(folder, 'database'));
      await database.migrate();

      let pending = 16;
      const hashes = Array.from({ length: pending }, async () => {
        await hasher.verify('secure_password', undefined);
        pending -= 1;
      });
      for (let round = 0; round < 20; round += 1) {
        expect(await readFile(file, 'utf8')).toBe('content');
        expect(await database.isMigrated()).toBe(true);
        await new Promise((resolve) => setImmediate(resolve));
      }
      // On libuv's own pool of four, a read would have waited for all hashes but the last four.
      expect(pending).toBeGreaterThan(4);
      await Promise.all(hashes);
      await database.close();
    });
  });
});
