import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shell, shellWord } from './shell-command.ts';

/**
 * The words that bash makes of each line after `authsvc`, with its history in force as at a prompt;
 * any other command fails.
 */
function wordsIn(lines: readonly string[]): string[][] {
  const script = [
    `authsvc() { builtin printf '%s\\0' "$@" $'\\001'; }`,
    'set -eu -o history -o histexpand',
    ...lines,
    '',
  ];
  const options = { env: { PATH: '' }, encoding: 'utf8', stdio: 'pipe' } as const;
  execFileSync('/bin/bash', ['-n', '-s'], { ...options, input: lines.join('\n') });
  const printed = execFileSync('/bin/bash', ['--norc', '--noprofile', '-s'], { ...options, input: script.join('\n') });
  const calls = printed.split('\u0001\0').slice(0, -1);
  return calls.map((call) => call.split('\0').slice(0, -1));
}

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
