import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitStatus } from './exit-status.ts';
import { createWholeProgram } from './program.ts';
import { createTestMachine } from './testing/test-machine.ts';

const root = new URL('../../../', import.meta.url);
const read = (page: string) => readFileSync(new URL(page, root), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...inFolder('docs'), ...inFolder('docs/adr')];

function inFolder(folder: string): string[] {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

/** What stands for something that the reader knows. */
const PLACE = 'placeholder';

/** The words after `authsvc`, wherever a shell would run it. */
function callsIn(line: string): string[][] {
  const plain = line
    .replaceAll(/<[a-z][^>(]*>/g, PLACE)
    .replace(/(^|\s)#.*$/, '')
    .replaceAll('\\|', '/')
    // The names of units, images and containers.
    .replaceAll(/\bsystemctl [^|;&]*|\bdocker (?:build|run|rm|logs|stop) [^|;&]*/g, '')
    .replaceAll(/\bdocker (?:exec|compose exec|compose run --rm) authsvc (?=authsvc )/g, '');
  const calls = [...plain.matchAll(/(?:^|[\s(])authsvc(?=[\s)]|$)([^|;&()<>]*)/g)];
  return calls.map(([, words = '']) => words.match(/"[^"]*"|'[^']*'|\S+/g) ?? []);
}

/** Lines of code, which are complete, and commands in a sentence, which may lack operands. */
function documented(text: string): { readonly complete: string[][]; readonly named: string[][] } {
  const blocks = [...text.matchAll(/^```(sh|console)\n(.*?)^```/gms)];
  const lines = blocks.flatMap(([, language, block = '']) => {
    const all = block.replaceAll(/\\\n\s*/g, '').split('\n');
    return language === 'sh' ? all : all.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  });
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const spans = [...prose.matchAll(/`(authsvc(?: [^`\n]*)?)`((?:, `[a-z]+(?: <[a-z]+>)?`)*)/g)];
  const named = spans.flatMap(([, first = '', others = '']) => {
    const [words = []] = callsIn(first);
    const end = words.findIndex((word) => word === PLACE || !/^[a-z]+$/.test(word));
    const path = end < 0 ? words : words.slice(0, end);
    const siblings = [...others.matchAll(/`([a-z]+)/g)].map(([, name = '']) => [...path.slice(0, -1), name]);
    return [words, ...siblings];
  });
  return { complete: lines.flatMap(callsIn), named };
}

/** Finds the command that words name, and what is left of them. */
function resolve(program: Command, words: readonly string[]): { command: Command; name: string; rest: string[] } {
  let command = program;
  const rest = [...words];
  const path: string[] = [];
  for (;;) {
    const inner = command.commands.find((one) => one.name() === rest[0]);
    if (!inner) return { command, name: path.join(' '), rest };
    path.push(rest.shift() ?? '');
    command = inner;
  }
}

/** Why the program would not take these words; undefined where it would. */
function problemOf(program: Command, words: readonly string[], isComplete: boolean): string | undefined {
  const { command, rest } = resolve(program, words[0] === 'help' ? words.slice(1) : words);
  const options = [...command.options, ...program.options];
  let operands = 0;
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    if (word === '--') {
      operands += rest.length;
      break;
    }
    if (!word.startsWith('-')) {
      operands += 1;
      continue;
    }
    const option = options.find(({ long, short }) => long === word || short === word);
    if (!option && word !== '--help') return `${words.join(' ')}: there is no option ${word}`;
    if (!option?.required) continue;
    const value = rest.shift();
    if (value === undefined) return `${words.join(' ')}: ${word} needs a value`;
    if (value !== PLACE && option.argChoices?.includes(value) === false) return `${words.join(' ')}: not a choice`;
  }
  const taken = command.registeredArguments;
  if (operands > taken.length && !taken.at(-1)?.variadic) return `${words.join(' ')}: too many words`;
  const isShort = operands < taken.filter(({ required }) => required).length;
  return isComplete && words[0] !== 'help' && isShort ? `${words.join(' ')}: too few words` : undefined;
}

function leafNames(command: Command, path: readonly string[] = []): string[] {
  const inner = command.commands.flatMap((one) => leafNames(one, [...path, one.name()]));
  return inner.length > 0 ? inner : [path.join(' ')];
}

describe('a command in the documentation', () => {
  it.each(pages)('is one that the program takes, in %s', async (page) => {
    const program = await createWholeProgram(createTestMachine().context);
    const { complete, named } = documented(read(page));
    const problems = [
      ...complete.map((words) => problemOf(program, words, true)),
      ...named.map((words) => problemOf(program, words, false)),
    ];
    expect(problems.filter(Boolean)).toEqual([]);
  });

  it('is one that the program takes, on every page of help', async () => {
    const machine = createTestMachine();
    const program = await createWholeProgram(machine.context);
    const problems: (string | undefined)[] = [];
    for (const name of leafNames(program)) {
      const { stdout } = await machine.authsvc([...name.split(' '), '--help']);
      const [, examples = ''] = /\nExamples:\n(.*?)(\n\n|\n?$)/s.exec(stdout) ?? [];
      const lines = examples.split('\n').map((line) => /^ {2}(\S.*?)(?: {2}|$)/.exec(line)?.[1] ?? '');
      const calls = lines.flatMap(callsIn);
      expect([name, calls.length > 0]).toEqual([name, true]);
      problems.push(...calls.map((words) => problemOf(program, words, true)));
    }
    expect(problems.filter(Boolean)).toEqual([]);
  });

  it('is every one of them on docs/commands.md', async () => {
    const program = await createWholeProgram(createTestMachine().context);
    const { named } = documented(read('docs/commands.md'));
    const names = new Set(named.map((words) => resolve(program, words).name));
    expect(leafNames(program).filter((name) => !names.has(name))).toEqual([]);
  });

  it('ends with a status that docs/commands.md has', () => {
    const [, table = ''] = /\n\| Exit status \| \|\n([\s\S]*?)\n\n/.exec(read('docs/commands.md')) ?? [];
    const statuses = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => Number(status));
    expect(statuses).toEqual(Object.values(exitStatus));
  });

  it.each([
    ['authsvc regster', 'regster: too many words'],
    ['authsvc register --mail a@example.com', 'register --mail a@example.com: there is no option --mail'],
    ['x | authsvc users set ada@example.com', undefined],
    ['authsvc users set', 'users set: too few words'],
    ['authsvc daemon install --reset-delivery pigeon', 'daemon install --reset-delivery pigeon: not a choice'],
    ['authsvc login --email', 'login --email: --email needs a value'],
    ['docker exec authsvc authsvc users set', 'users set: too few words'],
    ['systemctl stop authsvc other && authsvc users set', 'users set: too few words'],
  ])('would be found as %s', async (line, problem) => {
    const program = await createWholeProgram(createTestMachine().context);
    const [words = []] = callsIn(line);
    expect(problemOf(program, words, true)).toBe(problem);
  });
});
