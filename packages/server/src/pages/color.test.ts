import { describe, expect, it } from 'vitest';
import { contrast, mix, readableOn, textOn } from './color.ts';

/** All corners of the cube of colours, and what lies between. */
const parts = ['00', '33', '66', '80', '99', 'cc', 'ff'];
const colors = parts.flatMap((red) => parts.flatMap((green) => parts.map((blue) => `#${red}${green}${blue}`)));
const AA = 4.5;

describe('colours', () => {
  it('contrast as WCAG says', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#ffffff', '#ffffff')).toBe(1);
    // The lightest grey that is readable on white.
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  });

  it('mix', () => {
    expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080');
    expect(mix('#2457c5', '#000000', 0)).toBe('#2457c5');
  });

  it.each([
    ['#000000', '#ffffff'],
    ['#2457c5', '#ffffff'],
    ['#ffffff', '#000000'],
    ['#ffd400', '#000000'],
  ])('on %s have the text %s', (color, text) => {
    expect(textOn(color)).toBe(text);
  });

  it('have a text that is readable on each', () => {
    expect(colors.filter((color) => contrast(textOn(color), color) < AA)).toEqual([]);
  });

  it.each([
    ['light', ['#ffffff', '#f4f5f7']],
    ['dark', ['#181c22', '#0f1216']],
  ])('are made readable on %s pages', (_theme, backgrounds) => {
    const unreadable = colors.filter((color) =>
      backgrounds.some((background) => contrast(readableOn(backgrounds, color), background) < AA),
    );
    expect(unreadable).toEqual([]);
  });

  it('stay as they are where they are readable', () => {
    expect(readableOn(['#ffffff', '#f4f5f7'], '#2457c5')).toBe('#2457c5');
  });
});
