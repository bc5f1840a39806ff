import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that our pages and messages name. */
const programs =
  'authsvc sudo chown chmod id systemctl loginctl journalctl timedatectl kill printf jq sh source umask'.split(' ');

const END = 'end-of-line';
const ESC = String.fromCharCode(0x1b);

/**
 * Pastes lines into a bash that knows nothing but those programs, each of which only says how it
 * was called.
 *
 * @returns for each line, the words of each call.
 * @throws what bash says of a line that it cannot read; and where anything else ran, or a file was
 * made.
 */
export function pasteAll(lines: readonly string[]): string[][][] {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-paste-'));
  try {
    const calls = join(folder, 'calls');
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(calls, '');
    const say = (words: string) => `builtin printf '%s\\0' ${words} $'\\001' >>"$CALLS"`;
    const functions = [
      ...programs.map((name) => `${name}() { ${say(`${name} "$@"`)}; }`),
      `command_not_found_handle() { ${say('unknown "$@"')}; }`,
    ];
    const script = [...functions, 'set -o history -o histexpand', ...lines.flatMap((line) => [line, say(END)]), ''];
    const options = { cwd: home, env: { PATH: '', CALLS: calls, PW: 'pw' }, encoding: 'utf8' } as const;
    const run = (args: string[], input: string) => spawnSync('/bin/bash', [...args, '-s'], { ...options, input });
    for (const { stderr } of [run(['-n'], lines.join('\n')), run(['--norc', '--noprofile'], script.join('\n'))]) {
      if (stderr !== '') throw new Error(`bash complains: ${stderr}`);
    }
    const made = readdirSync(home);
    if (made.length > 0) throw new Error(`there are new files: ${made.join(', ')}`);
    const ran = readFileSync(calls, 'utf8')
      .split('\u0001\0')
      .slice(0, -1)
      .map((call) => call.split('\0').slice(0, -1));
    const foreign = ran.find(([name]) => name === 'unknown');
    if (foreign) throw new Error(`ran ${foreign.slice(1).join(' ')}`);
    const perLine: string[][][] = lines.map(() => []);
    let line = 0;
    for (const call of ran) {
      if (call[0] === END) line += 1;
      else perLine[line]?.push(call);
    }
    if (line !== lines.length) throw new Error(`only ${line} of ${lines.length} lines ended by themselves`);
    return perLine;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What bash says of lines that it cannot read; nothing is run. */
export function complaintAbout(lines: string): string {
  return spawnSync('/bin/bash', ['-n', '-s'], { input: lines, encoding: 'utf8' }).stderr;
}

/** The commands on a screen: what is cyan, and nothing else is. */
export function commandsOn(screen: string): string[] {
  return Array.from(screen.matchAll(new RegExp(`${ESC}\\[36m(.*?)${ESC}\\[39m`, 'gs')), ([, command = '']) => command);
}
