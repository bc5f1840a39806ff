import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node-pty';
import { onTestFinished } from 'vitest';

export interface PseudoTerminal {
  /** Waits until a text is shown, after what was waited for last. Rejects when the program ends without it. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  /** Types an answer and presses Enter. */
  answer(text: string): void;
  /** Everything shown so far, without control sequences. */
  screen(): string;
  /** Everything sent to the terminal so far, control sequences included. */
  bytes(): string;
  /** The exit status, once the program has ended. */
  readonly ended: Promise<number>;
}

export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
export const CTRL_T = '\u0014';
export const CTRL_U = '\u0015';
export const BACKSPACE = '\u007f';

/** Runs a program on a real pseudo-terminal, as a person at a keyboard does; it ends with the test. */
export function openPseudoTerminal(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): PseudoTerminal {
  const pty = spawn(file, [...args], {
    cols: 100,
    rows: 30,
    env: { TERM: 'xterm-256color', PATH: process.env.PATH ?? '', ...env },
  });
  let bytes = '';
  let read = 0;
  let isOver = false;
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
      isOver = true;
      notify();
      resolve(exitCode);
    });
  });
  onTestFinished(() => {
    if (!isOver) pty.kill('SIGKILL');
  });
  const screen = () => stripVTControlCharacters(bytes);

  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = screen().indexOf(text, read);
          if (found < 0 && !isOver) return;
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
  };
}
