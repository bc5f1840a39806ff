import { describe, expect, it } from 'vitest';
import { isLoopback, networkOf } from './client.ts';
import { blockedForMs, countOne, FAILED_LOGINS, LOGINS_BY_ADDRESS, type ThrottleState } from './throttle.ts';

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

  it('delays no longer than its longest when the clock is set back', () => {
    const state = { count: 30, until: 1000 * 86_400_000, noted: true, expiresAt: 1001 * 86_400_000 };
    expect(blockedForMs(FAILED_LOGINS, state, 0)).toBe(900_000);
  });
});

describe('LOGINS_BY_ADDRESS', () => {
  it('lets ten pass in a minute that begins with the first', () => {
    let state: ThrottleState | undefined;
    for (let index = 0; index < 10; index += 1) {
      expect(blockedForMs(LOGINS_BY_ADDRESS, state, index)).toBe(0);
      state = countOne(LOGINS_BY_ADDRESS, state, index);
    }
    expect(blockedForMs(LOGINS_BY_ADDRESS, state, 59_999)).toBe(1);
    expect(blockedForMs(LOGINS_BY_ADDRESS, state, 60_000)).toBe(0);
    expect(countOne(LOGINS_BY_ADDRESS, state, 60_000)).toEqual({
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
