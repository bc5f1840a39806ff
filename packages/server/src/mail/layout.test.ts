import { describe, expect, it } from 'vitest';
import { readableOn } from './layout.ts';

describe('readableOn', () => {
  it.each([
    ['#000000', '#ffffff'],
    ['#2457c5', '#ffffff'],
    ['#aa3300', '#ffffff'],
    ['#ffffff', '#000000'],
    ['#ffd400', '#000000'],
    ['#00ff00', '#000000'],
  ])('on %s is %s', (color, readable) => {
    expect(readableOn(color)).toBe(readable);
  });
});
