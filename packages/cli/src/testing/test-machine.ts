import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Context } from '../context.ts';
import { run } from '../program.ts';
import { createMemoryKeychain, type MemoryKeychain } from './memory-keychain.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** All of standard input; without it, standard input is a pipe that stays open and silent. */
  readonly input?: string | undefined;
  /** Gives the next input for a line of standard output, as a program at a pipe does. */
  readonly respond?: (line: string) => string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its output goes to a screen, in colours; its input is no terminal all the same. */
  readonly onScreen?: boolean;
}

export interface TestMachine {
  /** A temporary HOME. */
  readonly home: string;
  readonly keychain: MemoryKeychain;
  /** What a command would know of it. */
  readonly context: Context;
  /** Milliseconds since 1970. */
  now: number;
  /** Runs one command in this process, with pipes instead of a terminal. */
  authsvc(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** What every file under HOME holds, by its path there. */
  files(): Record<string, string>;
}

const NOW = Date.parse('2026-11-22T16:40:00Z');

/** A machine as the command line sees it: an empty home, a keychain, a clock that stands still. */
export function createTestMachine(env: Readonly<Record<string, string>> = {}): TestMachine {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const keychain = createMemoryKeychain();
  const machine: TestMachine = {
    home,
    keychain,
    now: NOW,
    context: {
      env: { HOME: home, ...env },
      platform: 'linux',
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      keychain,
      system: {
        dataFolder: join(home, 'system'),
        unit: join(home, 'system.service'),
        settings: join(home, 'system-settings'),
        userId: () => process.getuid?.(),
        become: () => {
          throw new Error('a test runs as one user');
        },
      },
      now: () => machine.now,
      interrupt: () => undefined,
    },
    async authsvc(args, options = {}) {
      const stdin = new PassThrough();
      if (options.input !== undefined && options.respond) stdin.write(options.input);
      else if (options.input !== undefined) stdin.end(options.input);
      const stdout = collect(options.onScreen);
      createInterface({ input: stdout.stream }).on('line', (line) => {
        const more = options.respond?.(line);
        if (more !== undefined) stdin.write(more);
      });
      const stderr = collect(options.onScreen);
      const status = await run(args, {
        ...machine.context,
        env: { ...machine.context.env, ...options.env },
        stdin,
        stdout: stdout.stream,
        stderr: stderr.stream,
      });
      return { status, stdout: stdout.text(), stderr: stderr.text() };
    },
    files() {
      const entries = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const paths = entries.map((entry) => join(entry.parentPath, entry.name));
      return Object.fromEntries(paths.map((path) => [path.slice(home.length + 1), readFileSync(path, 'utf8')]));
    },
  };
  return machine;
}

function collect(isTTY = false) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, text: () => text };
}
