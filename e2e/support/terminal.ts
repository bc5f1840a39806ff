import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node-pty';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';

export interface Terminal {
  /** Waits until the text is shown, after what was waited for last. Rejects when the program ends without it. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  /** Types an answer and presses Enter. */
  answer(text: string): void;
  /** Everything shown so far, without control sequences. */
  screen(): string;
  /** Everything sent to the terminal so far, control sequences included. */
  bytes(): string;
  /** The exit status of the program, once it has ended. */
  readonly ended: Promise<number>;
  kill(): void;
}

export const ctrlC = '\u0003';

export interface TerminalOptions {
  readonly home: string;
  readonly env?: Environment;
}

/** Runs one `authsvc` command on a real pseudo-terminal, as a person at a keyboard does. */
export function openTerminal(args: readonly string[], { home, env = {} }: TerminalOptions): Terminal {
  const pty = spawn(process.execPath, [authsvcFile, ...args], {
    name: 'xterm-256color',
    cols: 120,
    rows: 40,
    env: cleanEnvironment(home, { TERM: 'xterm-256color', ...env }),
  });
  let bytes = '';
  let read = 0;
  let over = false;
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const watcher of [...watchers]) watcher();
  };
  pty.onData((data) => {
    bytes += data;
    notify();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      over = true;
      notify();
      resolve(exitCode);
    });
  });
  const screen = () => stripVTControlCharacters(bytes);

  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = screen().indexOf(text, read);
          if (found < 0 && !over) return;
          watchers.delete(look);
          if (found < 0) {
            reject(new Error(`the program ended without showing "${text}":\n${screen()}`));
            return;
          }
          read = found + text.length;
          resolve();
        };
        watchers.add(look);
        look();
      }),
    type: (keys) => pty.write(keys),
    answer: (text) => pty.write(`${text}\r`),
    screen,
    bytes: () => bytes,
    ended,
    kill: () => {
      if (!over) pty.kill('SIGKILL');
    },
  };
}
