import { describe, expect, it } from 'vitest';
import { readSince } from './times.ts';

const now = Date.parse('2026-11-22T16:40:00Z');

describe('readSince', () => {
  it.each([
    ['30m', '2026-11-22T16:10:00.000Z'],
    ['2d', '2026-11-20T16:40:00.000Z'],
    ['999999d', '1970-01-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-11-22T16:40Z', '2026-11-22T16:40:00.000Z'],
    ['2026-11-22 16:40:00.5+02:00', '2026-11-22T14:40:00.500Z'],
  ])('takes %s for %s', (text, time) => {
    expect(readSince(text, now)).toBe(time);
  });

  it.each([
    ['2026-02-30', '2026-02 has 28 days.'],
    ['2026-02-29T10:00:00Z', '2026-02 has 28 days.'],
    ['2026-04-31 10:00', '2026-04 has 30 days.'],
    ['2026-11-00', '2026-11 has 30 days.'],
    ['2026-13-01', 'There is no month 13.'],
    ['2026-11-22T25:00:00Z', undefined],
    ['2026-11-22T16:61:00Z', undefined],
    ['11/22/2026', undefined],
    ['2026', undefined],
  ])('refuses %s, and says %s', (text, why) => {
    expect(() => readSince(text, now)).toThrow(expect.objectContaining({ status: 2, code: 'usage', why }));
  });
});
