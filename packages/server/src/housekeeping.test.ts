import { createTestAuth, type TestAuth } from '@authsvc/core/testing';
import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHousekeeping } from './housekeeping.ts';

const MINUTE_MS = 60_000;
const log = fastify().log;

describe('startHousekeeping', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    vi.useFakeTimers({ toFake: ['setInterval'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await auth.close();
  });

  const count = async (policy: Partial<TestAuth['policy']>, forMs: number) => {
    let times = 0;
    const store = {
      ...auth.store,
      deleteExpired: async () => {
        times += 1;
        return 0;
      },
    };
    const stop = startHousekeeping({ ...auth, store, policy: { ...auth.policy, ...policy } }, log);
    for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs += MINUTE_MS) await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await stop();
    return times;
  };

  it('deletes what has expired at the start, and each time that what lives shortest may have', async () => {
    expect(await count({ resetTokenMs: 10 * MINUTE_MS }, 60 * MINUTE_MS)).toBe(7);
  });

  it('does so every hour at the latest', async () => {
    expect(await count({ resetTokenMs: 24 * 60 * MINUTE_MS }, 120 * MINUTE_MS)).toBe(3);
  });
});
