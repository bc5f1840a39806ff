import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node-pty';
import { onTestFinished } from 'vitest';

export interface PseudoTerminal {
  /** Waits until a text is on the screen, after what was waited for last. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  /** Everything sent to the screen so far, with its escape sequences. */
  raw(): string;
  /** The exit status, once the program has ended. */
  readonly ended: Promise<number>;
}

export const authsvcFile = fileURLToPath(new URL('../../bin/authsvc.js', import.meta.url));

export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
export const CTRL_T = '\u0014';
export const CTRL_U = '\u0015';
export const BACKSPACE = '\u007f';

/** Runs the built `authsvc` on a pseudo-terminal, in no other environment than the one given. */
export function openTerminal(args: readonly string[], env: Readonly<Record<string, string>>): PseudoTerminal {
  return openProgram(process.execPath, [authsvcFile, ...args], env);
}

/** Runs any program on a pseudo-terminal; it ends with the test. */
export function openProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): PseudoTerminal {
  const pty = spawn(file, [...args], {
    cols: 100,
    rows: 30,
    env: { TERM: 'xterm-256color', PATH: process.env.PATH ?? '', ...env },
  });
  let raw = '';
  let seen = 0;
  let isOver = false;
  let look = () => undefined as undefined;
  pty.onData((data) => {
    raw += data;
    look();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      isOver = true;
      look();
      resolve(exitCode);
    });
  });
  onTestFinished(() => {
    if (!isOver) pty.kill('SIGKILL');
  });

  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        look = () => {
          const screen = stripVTControlCharacters(raw);
          const found = screen.indexOf(text, seen);
          if (found >= 0) {
            seen = found + text.length;
            look = () => undefined;
            resolve();
          } else if (isOver) {
            reject(new Error(`ended without showing "${text}":\n${screen}`));
          }
        };
        look();
      }),
    type: (keys) => pty.write(keys),
    raw: () => raw,
    ended,
  };
}
