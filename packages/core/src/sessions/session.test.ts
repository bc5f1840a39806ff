import { describe, expect, it } from 'vitest';
import { createCountingRandom, createFixedClock, defaultPolicy, localClient } from '../testing/index.ts';
import { isExpired, issueSession } from './session.ts';

const { lifetimes } = defaultPolicy;

describe('issueSession', () => {
  it('draws 256 bits for the token, and keeps no more than 256 characters of the user agent', () => {
    const drawn: number[] = [];
    const random = createCountingRandom();
    const bytes = (count: number) => {
      drawn.push(count);
      return random.bytes(count);
    };
    const ports = { clock: createFixedClock(), random: { ...random, bytes }, lifetimes };
    const { token, session } = issueSession(
      ports,
      { userId: 'user', methods: ['password'] },
      { ...localClient, userAgent: 'a'.repeat(300) },
    );
    expect(drawn).toEqual([32]);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(session.userAgent).toBe('a'.repeat(256));
    expect(JSON.stringify(session)).not.toContain(token);
  });
});

describe('isExpired', () => {
  const { idleMs, lifetimeMs } = lifetimes;
  it.each([
    ['just made', 0, 0, false],
    ['a second before its idle lifetime is over', 0, idleMs - 1000, false],
    ['a millisecond before', 0, idleMs - 1, false],
    ['when its idle lifetime is over', 0, idleMs, true],
    ['a second after', 0, idleMs + 1000, true],
    ['used since', 1000, idleMs, false],
    ['a second before its absolute lifetime is over', lifetimeMs - 2000, lifetimeMs - 1000, false],
    ['when its absolute lifetime is over, however lately it was used', lifetimeMs - 1, lifetimeMs, true],
    ['a second after that', lifetimeMs - 1, lifetimeMs + 1000, true],
  ])('judges a session %s', (_when, lastUsedAt, now, expired) => {
    expect(isExpired({ createdAt: 0, lastUsedAt, expiresAt: lifetimeMs }, now, lifetimes)).toBe(expired);
  });
});
