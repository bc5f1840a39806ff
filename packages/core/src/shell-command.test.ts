import { execFileSync } from 'node:child_process';
import { shell, shellWord } from '@authsvc/client/shell-command';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resetMail } from './mail/mails.ts';

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
const localPart = fc.string({ unit: fc.constantFrom(...'`$', ...`{}'!#&|*?=^~-%+/_aZ9`), minLength: 1, maxLength: 20 });
const address = localPart.map((local) => `${local}@bücher.example`);

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

describe('the command in a reset mail', () => {
  it('names its reader, and runs nothing else, in both forms', () => {
    fc.assert(
      fc.property(many(address), (readers) => {
        const mails = readers.map((to) => resetMail(to, 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', 30));
        const inTexts = mails.map((mail) => /^ {4}(authsvc .*)$/m.exec(mail.text)?.[1] ?? '');
        const inHtml = mails.map((mail) => unescapeHtml(/monospace">(authsvc .*)<\/p>/.exec(mail.html)?.[1] ?? ''));
        expect(inHtml).toEqual(inTexts);
        const option = (to: string) => (to.startsWith('-') ? [`--email=${to}`] : ['--email', to]);
        expect(wordsIn(inTexts)).toEqual(readers.map((to) => ['reset', ...option(to), '--token-stdin']));
      }),
      { numRuns: 3 },
    );
  });
});

function unescapeHtml(html: string): string {
  return html.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
