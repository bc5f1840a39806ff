import { describe, expect, it } from 'vitest';
import { isLoopback, networkOf, networkOfPrefix } from '../requester.ts';
import type { ThrottleState } from '../store.ts';
import { blockedForMs, countOne, FAILED_LOGINS, perMinute } from './throttle.ts';

describe('FAILED_LOGINS', () => {
  it('delays from the fifth on, twice as long each time, up to fifteen minutes', () => {
    let state: ThrottleState | undefined;
    let now = 0;
    const delays = Array.from({ length: 17 }, () => {
      state = countOne(FAILED_LOGINS, state, now);
      const delayMs = blockedForMs(FAILED_LOGINS, state, now);
      now += delayMs;
      return delayMs / 1000;
    });
    expect(delays).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it('forgets after a day, to the millisecond', () => {
    const state = { ...countOne(FAILED_LOGINS, undefined, 0), count: 9 };
    const dayMs = 86_400_000;
    expect(countOne(FAILED_LOGINS, state, dayMs - 1).count).toBe(10);
    expect(countOne(FAILED_LOGINS, state, dayMs).count).toBe(1);
  });

  const tenDaysMs = 10 * 86_400_000;

  it('is over when the clock was set back from further away than its delay reaches', () => {
    const state = { count: 30, until: tenDaysMs + 900_000, noted: true, expiresAt: tenDaysMs + 86_400_000 };
    expect(blockedForMs(FAILED_LOGINS, state, 0)).toBe(0);
    expect(countOne(FAILED_LOGINS, state, 0).count).toBe(1);
  });

  it('tells how long it is in force where the clock was set back by little', () => {
    const state = { count: 30, until: 900_000, noted: true, expiresAt: 86_400_000 };
    expect(blockedForMs(FAILED_LOGINS, state, -120_000)).toBe(1_020_000);
    expect(blockedForMs(FAILED_LOGINS, state, -120_001)).toBe(0);
  });
});

const TEN_A_MINUTE = perMinute(10);

describe('perMinute', () => {
  it('lets ten pass in a minute that begins with the first', () => {
    let state: ThrottleState | undefined;
    for (let index = 0; index < 10; index += 1) {
      expect(blockedForMs(TEN_A_MINUTE, state, index)).toBe(0);
      state = countOne(TEN_A_MINUTE, state, index);
    }
    expect(blockedForMs(TEN_A_MINUTE, state, -10 * 86_400_000)).toBe(0);
    expect(countOne(TEN_A_MINUTE, state, -10 * 86_400_000).count).toBe(1);
    expect(blockedForMs(TEN_A_MINUTE, state, 59_999)).toBe(1);
    expect(blockedForMs(TEN_A_MINUTE, state, 60_000)).toBe(0);
    expect(countOne(TEN_A_MINUTE, state, 60_000)).toEqual({
      count: 1,
      until: 120_000,
      noted: false,
      expiresAt: 120_000,
    });
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('puts %j into %j', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('networkOfPrefix', () => {
  it.each([
    ['2001:db8:1:2f3:4:5:6:7', 56, '2001:db8:1:200::/56'],
    ['2001:db8:1:2f3:4:5:6:7', 48, '2001:db8:1::/48'],
    ['2001:db8::1', 56, '2001:db8:0:0::/56'],
    ['192.0.2.1', 56, undefined],
    ['::ffff:192.0.2.1', 48, undefined],
  ])('puts %j with %i bits into %j', (address, bits, network) => {
    expect(networkOfPrefix(address, bits)).toBe(network);
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['192.0.2.127', false],
    ['::2', false],
    ['::ffff:192.0.2.1', false],
    ['', false],
  ])('judges %j', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});
