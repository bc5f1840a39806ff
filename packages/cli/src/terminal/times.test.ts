import { describe, expect, it } from 'vitest';
import { describeExpiryDate, describeTimeLeft, expiryFrom } from './times.ts';

const now = Date.parse('2026-11-22T16:40:00Z');

describe('expiryFrom', () => {
  it('counts the lifetime from now, in whole seconds of UTC', () => {
    expect(expiryFrom(now + 999, 2_592_000)).toBe('2026-12-22T16:40:00Z');
    expect(expiryFrom(now, undefined)).toBeNull();
  });
});

describe('describeTimeLeft', () => {
  it.each([
    ['2026-12-22T16:40:00Z', 'expires in 30 days'],
    ['2026-11-24T16:40:00Z', 'expires in 2 days'],
    ['2026-11-23T16:40:00Z', 'expires in 24 hours'],
    ['2026-11-22T17:40:00Z', 'expires in 60 minutes'],
    ['2026-11-22T16:40:01Z', 'expires in 1 second'],
    ['2026-11-22T16:40:00Z', 'expired'],
    [null, 'expiry unknown'],
  ])('says of %s: %s', (expiresAt, text) => {
    expect(describeTimeLeft(expiresAt, now)).toBe(text);
  });
});

describe('describeExpiryDate', () => {
  it('shows local time to the minute', () => {
    const local = new Date(2026, 11, 22, 16, 4);
    expect(describeExpiryDate(local.toISOString())).toBe('expires 2026-12-22 16:04');
    expect(describeExpiryDate(null)).toBe('the server did not say when it expires');
  });
});
