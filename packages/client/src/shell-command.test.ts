import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../../test/shell-words.ts';
import { shell, shellWord } from './shell-command.ts';

const many = <T>(values: fc.Arbitrary<T>) => fc.array(values, { minLength: 30, maxLength: 60 });
const nasty = fc.constantFrom(...'`$(){}[]\'"\\!#&|;<>*?~^= \t\n\r\u001b\u202e\u0085äé日😀-aZ0@');
const text = fc.string({ unit: nasty, maxLength: 12 });

describe('shell', () => {
  it('makes one word of any value', () => {
    fc.assert(
      fc.property(many(fc.tuple(text, text)), (pairs) => {
        const lines = pairs.map(([one, other]) => shell`authsvc x${one} - ${other}`);
        expect(wordsIn(lines)).toEqual(pairs.map(([one, other]) => [`x${one}`, '-', other]));
      }),
      { numRuns: 4 },
    );
  });

  it('shows no character that a terminal acts on', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => !/[\p{Cc}\p{Cf}]/u.test(shellWord(value))));
  });

  it.each([
    ['ada@example.com', 'authsvc reset --email ada@example.com --token-stdin'],
    ["o'brien@example.com", "authsvc reset --email 'o'\\''brien@example.com' --token-stdin"],
    ['-V@example.com', 'authsvc reset --email=-V@example.com --token-stdin'],
    ['ada+`touch$IFS@example.com', "authsvc reset --email 'ada+`touch$IFS@example.com' --token-stdin"],
  ])('writes %s as %s', (email, line) => {
    expect(shell`authsvc reset --email ${email} --token-stdin`).toBe(line);
  });
});
