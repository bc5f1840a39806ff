import { execFileSync } from 'node:child_process';

/**
 * The words that bash makes of each line after `authsvc`, with its history in force as at a prompt;
 * any other command fails.
 */
export function wordsIn(lines: readonly string[]): string[][] {
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
