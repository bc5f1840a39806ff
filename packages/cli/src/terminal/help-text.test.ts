import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../command-list.ts';
import { createWholeProgram } from '../program.ts';
import { startContractServer } from '../testing/contract-server.ts';
import { publishedIn, shapeOf } from '../testing/published-json.ts';
import { createTestMachine } from '../testing/test-machine.ts';
import { formatHelp, HELP_WIDTH } from './help-text.ts';

const input = 'correct horse';

/** Every command that there is, by the words that lead to it. */
async function everyCommand(): Promise<string[][]> {
  const list = (command: Command, path: string[]): string[][] => [
    path,
    ...command.commands.flatMap((inner) => list(inner, [...path, inner.name()])),
  ];
  return list(await createWholeProgram(createTestMachine().context), []);
}

/** Without `--json`: one runs the service, the other another program, with its own output. */
const WITHOUT_JSON = ['serve', 'exec'];

describe('the help pages', () => {
  it('have examples, fit a terminal, and publish what --json prints', async () => {
    const { authsvc } = createTestMachine();
    for (const path of await everyCommand()) {
      const { stdout } = await authsvc([...path, '--help']);
      const name = ['authsvc', ...path].join(' ');
      expect(stdout).toContain(`Usage: ${name} [`);
      expect(stdout).toMatch(new RegExp(`\nExamples:\n {2}.*${name}`));
      expect(stdout.split('\n').filter((line) => line.length > HELP_WIDTH)).toEqual([]);
      const isGroup = commands.some((entry) => entry.isGroup && entry.name === path.join(' '));
      const publishes = publishedIn(stdout).length > 0;
      expect([name, publishes]).toEqual([name, !isGroup && !WITHOUT_JSON.includes(path.join(' '))]);
    }
  });

  it('are shown by help as by --help, also those of commands in a group', async () => {
    const { authsvc } = createTestMachine();
    for (const path of await everyCommand()) {
      expect(await authsvc(['help', ...path])).toEqual(await authsvc([...path, '--help']));
    }
  });
});

describe('formatHelp', () => {
  it('puts purposes beside commands where there is room, and beneath them where there is not', () => {
    const short = ['authsvc a', 'does a'] as const;
    expect(formatHelp({ examples: [short, ['authsvc bc', 'does b and c']] })).toBe(
      '\nExamples:\n  authsvc a   does a\n  authsvc bc  does b and c',
    );
    const long = 'x'.repeat(40);
    expect(formatHelp({ examples: [short, [`${long} | ${long}`, `${long} ${long}`]] })).toBe(
      `\nExamples:\n  authsvc a\n      does a\n  ${long} |\n    ${long}\n      ${long}\n      ${long}`,
    );
  });
});

describe('the --json shape in the help', () => {
  it('is what each command prints', async () => {
    const server = await startContractServer();
    const { authsvc } = createTestMachine({ AUTHSVC_URL: server.url });
    const account = ['--email', 'ada@example.com', '--password-stdin'];
    const invocations = [
      ['register', ...account],
      ['login', ...account],
      ['profile'],
      ['profile', '--all'],
      ['logout'],
      ['reset', ...account],
    ];
    const printed: Record<string, unknown[]> = {};
    for (const args of invocations) {
      const { stdout } = await authsvc([...args, '--json'], { input });
      const [name = ''] = args;
      printed[name] = [...(printed[name] ?? []), shapeOf(JSON.parse(stdout))];
    }
    for (const [name, shapes] of Object.entries(printed)) {
      const { stdout } = await authsvc([name, '--help']);
      expect([name, publishedIn(stdout).map(shapeOf)]).toEqual([name, shapes]);
    }
  });
});
