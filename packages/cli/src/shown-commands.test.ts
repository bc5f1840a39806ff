import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from './command-list.ts';
import { createWholeProgram } from './program.ts';
import { PASSWORD, startLocalService } from './testing/local-service.ts';
import { commandsOn, complaintAbout, pasteAll } from './testing/paste.ts';
import { createTestMachine } from './testing/test-machine.ts';
import { untaggedCommands } from './testing/untagged-commands.ts';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const MARK = 'zq';
const symbols = fc.string({ unit: fc.constantFrom(..."`{}$'!#&|*?=^~%+/-"), minLength: 3, maxLength: 12 });
const address = symbols.map((nasty) => `-v${MARK}${nasty}${MARK}@example.com`);
const folderName = fc
  .string({ unit: fc.constantFrom(...'`$(){}\'"!#&|;<>*?~ \n\u001b-'), minLength: 3, maxLength: 8 })
  .map((nasty) => `${MARK}${nasty}${MARK}`);

/** Commands that cannot run to their end in this process, or would end it. */
const notHere = /^(serve|exec|completion|daemon (start|stop|restart|wait)|restore|migrate|users import|users export)$/;

function leavesOf(command: Command, path: readonly string[] = []): { name: string; command: Command }[] {
  const inner = command.commands.flatMap((one) => leavesOf(one, [...path, one.name()]));
  return command.commands.length > 0 && path.length === 1 && command.registeredArguments.length === 0
    ? [{ name: path.join(' '), command }, ...inner]
    : [...(path.length > 0 ? [{ name: path.join(' '), command }] : []), ...inner];
}

/**
 * Arguments for a command, as its help describes them; with and without those that may be left out.
 */
function argumentsFor(command: Command, email: string, file: string): string[][] {
  const fill = (placeholder: string) => (/file|path/.test(placeholder) ? file : email);
  const operands = command.registeredArguments.map((argument) => fill(argument.name()));
  const named = command.options.filter(({ long }) => !/follow|print|storage|since|limit|lines/.test(long ?? ''));
  const options = named.map(({ long = '', flags, argChoices }) => {
    if (argChoices) return `${long}=${argChoices[0]}`;
    return flags.includes('<') ? `${long}=${fill(flags)}` : String(long);
  });
  const secrets = options.filter((option) => /email|password-stdin|reset-delivery/.test(option));
  const behind = operands.length > 0 ? ['--', ...operands] : [];
  const first = command.options.some(({ long }) => long === '--limit') ? [['--limit=1', ...behind]] : [];
  return [behind, [...secrets, ...behind], [...options, ...behind], ...first];
}

/** Expects each word that contains a part of a value to contain all of it. */
function expectWhole(lines: readonly string[], values: readonly string[]) {
  for (const [index, calls] of pasteAll(lines).entries()) {
    const pieces = calls.flat().filter((word) => word.includes(MARK) && !values.some((value) => word.includes(value)));
    expect([lines[index], pieces]).toEqual([lines[index], []]);
  }
}

describe('a command that is shown', () => {
  it('runs as it stands, and nothing besides, for any name of account and folder', {
    timeout: 120_000,
  }, async () => {
    const program = await createWholeProgram(createTestMachine().context);
    const leaves = leavesOf(program).filter(({ name }) => !notHere.test(name));
    let shown = new Set<string>();
    await fc.assert(
      fc.asyncProperty(address, folderName, async (email, folder) => {
        shown = new Set();
        const service = await startLocalService({ dataFolder: folder });
        await service.register(email);
        await service.register('zoe@example.com');
        const file = join(service.machine.home, folder, 'copy.db');
        const input = `${PASSWORD}\n${PASSWORD} again\n`;
        const screenOf = async (args: readonly string[]) => {
          const options = { onScreen: true, env: { TERM: 'xterm' }, input };
          const { stdout, stderr } = await service.authsvc(args, options);
          return stdout + stderr;
        };
        const lookAround = async () => {
          for (const { name, command } of leaves) {
            for (const rest of argumentsFor(command, email, file)) {
              for (const line of commandsOn(await screenOf([...name.split(' '), ...rest]))) shown.add(line);
            }
          }
        };
        await lookAround();
        chmodSync(service.dataFolder, 0o755);
        await service.stop();
        await lookAround();
        expectWhole([...shown], [email, folder]);
      }),
      { numRuns: 1, endOnFailure: true },
    );
    // Some of them must contain generated values, or else nothing was tested.
    for (const part of ['reset --email', 'users list --after', 'restore ', 'chmod -R go=']) {
      expect([part, [...shown].some((line) => line.includes(part))]).toEqual([part, true]);
    }
  });

  it('can be pasted from every page of help', async () => {
    const machine = createTestMachine();
    const lines: string[] = [];
    for (const { name } of leavesOf(await createWholeProgram(machine.context))) {
      const { stdout } = await machine.authsvc([...name.split(' '), '--help']);
      const [, examples = ''] = /\nExamples:\n(.*?)(\n\n|\n?$)/s.exec(stdout) ?? [];
      const found = examples.split('\n').filter((line) => /^ {2}\S/.test(line));
      expect([name, found.length > 0]).toEqual([name, true]);
      lines.push(...found.map((line) => line.trim().split(/ {2,}/)[0] ?? ''));
    }
    // Not those that would write a file, or read one, in the folder where they are pasted.
    const harmless = lines.filter((line) => !/[<>]|\|$/.test(line));
    for (const calls of pasteAll(harmless)) expect(calls.map(([name]) => name)).toContain('authsvc');
  });

  it('can be read by bash on every page of the documentation', () => {
    const root = join(packages, '..');
    const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
    const blocks = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) => [...readFileSync(join(root, page), 'utf8').matchAll(/^```(?:sh|bash)\n(.*?)^```/gms)])
      .map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(10);
    for (const block of blocks) expect([block, complaintAbout(block)]).toEqual([block, '']);
  });

  it('is made by the one function that quotes, wherever a source puts a value into one', () => {
    const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /^\w+\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|\/testing\//.test(file),
    );
    const names = commands.map(({ name }) => name);
    const found = files.flatMap((file) =>
      untaggedCommands(readFileSync(join(packages, file), 'utf8'), names).map((text) => `${file}: ${text}`),
    );
    expect(files.length).toBeGreaterThan(200);
    expect(found).toEqual([]);
  });

  it.each([
    ['const line = `authsvc reset --email <email>`;'],
    ["const line = 'authsvc reset --email ' + email;"],
    ['fail(`it is open; close it with: chmod 700 <path>`);'],
    ['const line = shell`authsvc reset --email "<email>"`;'],
    ["const line = ['authsvc', 'reset', email].join(' ');"],
  ])('would be found in a source as %s', (text) => {
    const source = text.replace(/<(\w+)>/, (_, name: string) => ['$', '{', name, '}'].join(''));
    expect(untaggedCommands(source, ['reset'])).toHaveLength(1);
  });

  it('says how to close a data folder that is open, with any name', async () => {
    const { makeDataFolder } = await import('@authsvc/client/folders');
    const { home } = createTestMachine();
    const folders = fc.sample(folderName, 20).map((name) => join(home, name));
    const lines = folders.map((folder) => {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
      return /: (chmod .*)$/.exec(messageOf(() => makeDataFolder(folder, false)))?.[1] ?? '';
    });
    expect(pasteAll(lines)).toEqual(folders.map((folder) => [['chmod', '700', folder]]));
  });
});

function messageOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
