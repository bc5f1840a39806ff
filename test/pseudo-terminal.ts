import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node-pty';
import { onTestFinished } from 'vitest';

export type PseudoTerminal = ReturnType<typeof openPseudoTerminal>;

export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
export const CTRL_T = '\u0014';
export const CTRL_U = '\u0015';
export const BACKSPACE = '\u007f';

/**
 * Runs a program on a real pseudo-terminal, as a person at a keyboard does; it ends with the test.
 */
export function openPseudoTerminal(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cols = 100, rows = 30 } = {},
) {
  const pty = spawn(file, [...args], {
    cols,
    rows,
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
    /**
     * Waits until a text is shown, after what was waited for last. Rejects when the program ends
     * without it.
     */
    shows: (text: string) =>
      new Promise<void>((resolve, reject) => {
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
    type: (keys: string) => pty.write(keys),
    /** Types an answer and presses Enter. */
    answer: (text: string) => pty.write(`${text}\r`),
    /** Everything shown so far, without control sequences. */
    screen,
    /** Everything sent to the terminal so far, control sequences included. */
    bytes: () => bytes,
    /** The exit status, once the program has ended. */
    ended,
  };
}
